"""`net`: requests and lookups behind the guard, with secrets the model never sees."""

import pytest
from egressnet import PUBLIC, Names, Wire, redirect, reply

from executus import Executor, Ports, RunnableAgent
from executus.egress import Egress, EgressRefused
from executus.errors import SetupError
from executus.registry import MappingSecrets, ToolRegistry
from executus.testing import FakeProvider, Reply
from executus.tools import net_tools

KEY = "canary-9f2c7d"
NAMES = {"site_test": [PUBLIC], "other_test": [PUBLIC], "bad_test": [f"{PUBLIC} 10.0.0.1"]}


async def run(tool, *calls, answer=None, secrets=()):
    wire = Wire(answer)
    registry = ToolRegistry()
    registry.add("net", net_tools(Egress(resolver=Names(**NAMES), connector=wire), secrets=secrets))
    provider = FakeProvider()
    provider.enqueue("m", *(Reply(calls=[(f"net__{tool}", call)]) for call in calls), "done")
    agent = RunnableAgent(name="caller", model=provider.model("m"), tools=["net.*"])
    ports = Ports(secrets=MappingSecrets({"github": KEY, "hidden": "other-canary"}))
    result = await Executor(registry=registry, ports=ports).run(agent, "go")
    assert result.output == "done"
    return [part for m in result.messages for part in m.tool_results], wire


async def request(answer=None, secrets=(), **call):
    (result,), wire = await run("http_request", call, answer=answer, secrets=secrets)
    return result, wire


async def test_a_request_gives_status_headers_and_body():
    result, wire = await request(
        lambda asked: reply(201, b"made", x_id="7"),
        url="https://site.test/a",
        method="POST",
        headers={"Content-Type": "text/x"},
        body="ü",
    )
    inside = "\n".join(result.text.split("\n")[2:-1])
    assert inside == "HTTP 201 Created\ncontent-length: 4\nx-id: 7\n\nmade"
    assert result.text.startswith("Untrusted content of https://site.test/a")
    (asked,) = wire.asked
    assert (asked.method, asked.body, asked.headers["content-type"]) == (
        "POST",
        "ü".encode(),
        "text/x",
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "(no body)"),
        (b"\x89P\0", "[binary, unknown type: 3 bytes shown as base64]\niVAA"),
        (b"\xff" * 9000, "9000 bytes, of which the first 8192 are shown as base64]"),
        (b"x" * 70_000, "[cut here, after 65536 bytes]"),
        (b"x" + "ü".encode() * 40_000, "ü\n[cut here, after 65536 bytes]"),
    ],
)
async def test_bodies_are_bounded_and_binary_ones_said_to_be(body, expected):
    result, _ = await request(lambda asked: reply(200, body), url="https://site.test/")
    assert expected in result.text


async def test_a_secret_is_put_in_by_name_and_taken_out_of_the_answer():
    result, wire = await request(
        lambda asked: reply(200, asked.headers["authorization"].encode()),
        secrets=["github"],
        url="https://site.test/",
        headers={"Authorization": "Bearer {secret:github}"},
    )
    assert wire.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in result.text
    assert "[secret github]" in result.text


async def test_a_secret_that_is_not_named_is_refused():
    for secrets in ((), ["github"]):
        result, wire = await request(
            secrets=secrets, url="https://site.test/", headers={"x": "{secret:hidden}"}
        )
        assert result.is_error
        assert "there is no secret 'hidden' for this tool" in result.text
        assert wire.asked == []


async def test_a_header_with_a_secret_does_not_follow_to_another_origin():
    def answer(asked):
        here = asked.headers["host"] == "site.test"
        return redirect(302, "https://other.test/") if here else reply(200, b"x")

    _, wire = await request(
        answer, secrets=["github"], url="https://site.test/", headers={"X-Own": "{secret:github}"}
    )
    assert [asked.headers.get("x-own") for asked in wire.asked] == [KEY, None]


async def test_what_the_guard_refuses_is_an_answer():
    for url in ("http://10.0.0.1/", "https://bad.test/", "ftp://site.test/"):
        result, wire = await request(url=url)
        assert result.is_error
        assert "EgressRefused" in result.text
        assert wire.dialled == []
    result, _ = await request(url="https://site.test/", body="x" * (1024 * 1024 + 1))
    assert "the body is over 1048576 bytes" in result.text


async def test_a_lookup_gives_public_addresses_and_refuses_others():
    answers, wire = await run(
        "dns_lookup",
        *({"name": name} for name in ("site.test", "bad.test", "127.0.0.1", "none.test", "a b")),
    )
    assert answers[0].text == PUBLIC
    assert [part.is_error for part in answers] == [False, True, True, True, True]
    assert "not a public address" in answers[1].text
    assert "cannot be resolved" in answers[3].text
    assert wire.dialled == []


async def test_a_lookup_asks_for_no_port():
    egress = Egress(resolver=Names(**NAMES), allow_ports={8080})
    assert [str(address) for address in await egress.lookup("site.test")] == [PUBLIC]
    with pytest.raises(EgressRefused):
        await egress.lookup("metadata.google.internal")


@pytest.mark.parametrize("secrets", ["github", ["a b"], ["{a}"]])
def test_names_of_secrets_are_checked(secrets):
    with pytest.raises(SetupError):
        net_tools(Egress(), secrets=secrets)
