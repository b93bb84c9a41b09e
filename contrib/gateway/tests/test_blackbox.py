"""What the gateway promises, seen from outside: one test per promise, numbered as designed."""

import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from executus_gateway.errors import UnknownId
from executus_gateway.mcp import make_server
from executus_gateway.ports import RunLimits
from executus_gateway.schema import Answer, AuthScheme
from mcp import Client
from mcp.types import ElicitResult

from majordomo.clock import SYSTEM_CLOCK

SUPPORT = Path(__file__).parent / "support"
CREATE = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"
CANARY = "kanarienvogel-0f3a9c1e7d"


def text(result):
    return result.content[0].text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_1_a_fresh_home_runs_code_over_mcp_without_login_or_database(gateway, home, mode):
    async with Client(make_server(gateway), mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["execute", "resume"]
        assert text(await client.call_tool("execute", {"code": "return 6 * 7"})) == "42"
    assert {path.name for path in home.iterdir()} <= {
        *("events.jsonl", "snapshot.json", "lock", "vault", "vault.key", "artifacts")
    }


async def test_2_a_document_is_added_searched_described_and_called_in_one_execute(gateway, pets):
    code = pets.add() + (
        "hits = tools.search('list pets')['data']\n"
        "about = tools.describe(hits[0]['path'])['data']\n"
        "got = tools.pets.pets.list_pets(limit=2)\n"
        "return [added['data']['state'], hits[0]['path'], about['policy'], got]"
    )
    run = await gateway.execute(code)
    assert run.outcome.value == [
        "connected",
        "pets.pets.list_pets",
        "allow",
        {"ok": True, "data": {"path": "/api/pets?limit=2"}},
    ]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("pets.pets.list_pets(limt=2)", "did you mean 'limit'"),
        ("pets.pets.list_pets(limit='two')", "limit: 'two' is not of type"),
        ("pets.pets.create_pet()", "'body' is a required property"),
        ("pets.pets.create_pet(body={})", "body: 'name' is a required property"),
        ("pets.pets.get_pet(pet_id='..')", "cannot be part of a path"),
    ],
)
async def test_3_misfit_arguments_fail_here_nothing_is_sent_and_nobody_asked(
    gateway, pets, call, told
):
    run = await gateway.execute(f"{pets.add()}return tools.{call}")
    assert run.outcome.value["error"]["code"] == "invalid_arguments"
    assert told in run.outcome.value["error"]["message"]
    assert pets.calls == []
    assert gateway.inbox() == []


async def test_4_an_accepted_write_is_made_once_and_a_second_answer_changes_nothing(
    gateway, pets, next_question
):
    run = await gateway.start(pets.add() + CREATE)
    asked = await next_question(gateway)
    assert pets.calls == []
    assert "Rex" in asked.detail
    first = await gateway.answer(asked.id, Answer(verdict="accept"))
    ended = await gateway.wait(run.id)
    again = await gateway.answer(asked.id, Answer(verdict="decline"))
    assert ended.outcome.value == {"ok": True, "data": {"id": 1, "name": "Rex"}}
    assert (first.state, again.state) == ("accepted", "accepted")
    assert len(pets.writes) == 1


async def test_4_a_declined_write_is_not_made_and_the_code_learns_why(gateway, pets, next_question):
    run = await gateway.start(pets.add() + CREATE)
    asked = await next_question(gateway)
    await gateway.answer(asked.id, Answer(verdict="decline", note="not Rex again"))
    ended = await gateway.wait(run.id)
    assert ended.outcome.value["error"]["code"] == "declined"
    assert "not Rex again" in ended.outcome.value["error"]["message"]
    assert pets.writes == []


async def test_4_an_unknown_question_says_where_questions_are(gateway):
    with pytest.raises(UnknownId, match="look into the inbox"):
        await gateway.answer("ask_00", Answer(verdict="accept"))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_4_a_client_that_can_elicit_is_asked_in_its_own_window(gateway, pets, mode):
    seen = []

    async def elicit(context, params):
        seen.append(params.message)
        return ElicitResult(action="accept", content={})

    async with Client(make_server(gateway), mode=mode, elicitation_callback=elicit) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["execute"]
        result = await client.call_tool("execute", {"code": pets.add() + CREATE})
    assert '"name":"Rex"' in text(result)
    assert len(seen) == 1
    assert "pets.pets.create_pet" in seen[0]
    assert len(pets.writes) == 1


async def test_4_a_client_that_cannot_elicit_resumes_after_the_decision(
    gateway, pets, next_question
):
    async with Client(make_server(gateway)) as client:
        paused = await client.call_tool("execute", {"code": pets.add() + CREATE})
        assert "Do not run the code again" in text(paused)
        asked = await next_question(gateway)
        await gateway.answer(asked.id, Answer(verdict="accept"))
        result = await client.call_tool("resume", {"run_id": gateway.runs()[0].id})
        unknown = await client.call_tool("resume", {"run_id": "run_0"})
    assert '"name":"Rex"' in text(result)
    assert unknown.is_error
    assert "look into the list of runs" in text(unknown)


async def test_5_waiting_for_people_and_slow_tools_is_free_but_computing_is_not(
    open_gateway, pets, next_question
):
    async with open_gateway(limits=RunLimits(compute_s=1.0)) as gateway:
        twice = "a = tools.pets.pets.create_pet(body={'name': 'A'})\n"
        run = await gateway.start(pets.add() + twice + CREATE)
        for _ in range(2):
            asked = await next_question(gateway)
            await SYSTEM_CLOCK.sleep(1.2)
            await gateway.answer(asked.id, Answer(verdict="accept"))
        assert (await gateway.wait(run.id)).outcome.value["ok"]
        spinning = await gateway.execute("while True: pass")
        assert spinning.outcome.problem.kind == "time"


@pytest.mark.slow
async def test_6_a_paused_write_survives_a_kill_and_is_made_once(open_gateway, home, pets):
    process = await anyio.open_process(
        [sys.executable, str(SUPPORT / "pausing.py"), str(home), pets.add() + CREATE],
        stderr=subprocess.DEVNULL,
    )
    told = BufferedByteReceiveStream(process.stdout)  # a line may come in pieces
    line = (await told.receive_until(b"\n", 1000)).decode().split()
    assert line[1] == "paused"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await process.stdout.aclose()
    async with open_gateway() as gateway:
        assert pets.writes == []
        (asked,) = gateway.inbox()
        await gateway.answer(asked.id, Answer(verdict="accept"))
        ended = await gateway.wait(line[0])
    assert ended.outcome.value == {"ok": True, "data": {"id": 1, "name": "Rex"}}
    assert len(pets.writes) == 1


async def test_7_a_secret_is_sent_to_its_service_and_found_nowhere_else(
    open_gateway, home, pets, next_question
):
    pets.secured = pets.echo_headers = True
    told = []
    async with open_gateway() as gateway:
        code = pets.add() + (
            "return [tools.pets.pets.list_pets(), tools.executor.sources.list(), "
            "tools.executor.connections.list(), tools.describe('pets.pets.list_pets')]"
        )
        run = await gateway.start(code)
        asked = await next_question(gateway)
        assert asked.kind == "secret"
        answered = await gateway.answer(
            asked.id, Answer.model_validate({"verdict": "accept", "secret": CANARY})
        )
        ended = await gateway.wait(run.id)
        told += [repr(answered), ended.model_dump_json(), repr(gateway.ledger.snapshot())]
        told += [repr(call) for call in gateway.calls(run.id)]
        log = (home / "events.jsonl").read_bytes()
    assert pets.calls[-1].headers["x-key"] == CANARY
    assert "[secret key]" in ended.model_dump_json()
    files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    for form in (CANARY.encode(), CANARY.encode().hex().encode()):
        assert all(form not in data for data in [log, *files])
        assert all(form.decode() not in seen for seen in told)


async def test_7_a_credential_that_a_host_gives_is_used_at_once(gateway, pets):
    pets.secured = True
    await gateway.execute(pets.add())
    assert gateway.sources.require("pets").state == "auth_required"
    scheme = AuthScheme(name="key", placement="header", key="X-Key")
    await gateway.connect("pets", scheme, CANARY)
    assert gateway.sources.require("pets").state == "connected"
    await gateway.execute("return tools.pets.pets.list_pets()")
    assert pets.calls[-1].headers["x-key"] == CANARY


@pytest.mark.slow
@pytest.mark.parametrize("quietly", [True, False])
async def test_8_a_renamed_tool_is_a_typed_failure_and_then_the_catalog_heals(
    gateway, answering, quietly
):
    async with answering(gateway, "accept"):
        await gateway.execute(
            f"return tools.executor.sources.add(command={sys.executable!r}, "
            f"args=[{str(SUPPORT / 'renaming.py')!r}], namespace='srv')"
        )
    before = await gateway.execute("return tools.srv.old()")
    assert before.outcome.value["ok"]
    await gateway.execute(f"return tools.srv.rename(quietly={quietly})")
    gone = await gateway.execute("return tools.srv.old()")
    assert gone.outcome.value["error"]["code"] == "unknown_tool"
    healed = await gateway.execute("return tools.srv.new()")
    assert healed.outcome.value["ok"]


@pytest.mark.slow
async def test_8_an_outage_keeps_the_catalog(gateway, answering, tmp_path):
    script = tmp_path / "server.py"
    script.write_text((SUPPORT / "renaming.py").read_text())
    async with answering(gateway, "accept"):
        await gateway.execute(
            f"return tools.executor.sources.add(command={sys.executable!r}, "
            f"args=[{str(script)!r}], namespace='srv')"
        )
    script.unlink()
    died = await gateway.execute("return tools.srv.die()")
    assert died.outcome.value["error"]["code"] == "source_error"
    refreshed = await gateway.execute("return tools.executor.sources.refresh(source='srv')")
    assert refreshed.outcome.value["data"]["state"] == "error"
    found = await gateway.execute("return tools.search('value')['data'][0]['path']")
    assert found.outcome.value == "srv.old"
    called = await gateway.execute("return tools.srv.old()")
    assert called.outcome.value["error"]["code"] == "source_error"
