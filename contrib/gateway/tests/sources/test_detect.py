"""What is at an address is found out by asking it, in order, without opening more than needed."""

import json

import pytest
from executus_gateway.errors import Refused, SourceFailed
from executus_gateway.schema import GraphqlPlace, McpEndpoint, OpenapiPlace
from executus_gateway.sources import Detector
from executus_gateway.sources.describing import place_described
from mcpservice import McpService

from executus.egress import Egress
from executus.testing import Hang, JSONAnswer, LoopbackServer, RawAnswer

OPENAPI = {"openapi": "3.1.0", "paths": {}}
SDL = '"""Pets"""\ntype Query { pets: [Pet!]! }\ntype Pet { id: ID! }\n'
PAGE = "<!doctype html><pre>\nopenapi: 3.0.0\ntype Query { a: Int }\n</pre>"


@pytest.fixture
def detector():
    return Detector(guard=Egress(allow_hosts=["127.0.0.1"]))


def text(body, status=200, kind="text/plain"):
    data = body.encode()
    head = f"HTTP/1.1 {status} OK\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n\r\n"
    return RawAnswer(data=head.encode() + data)


def served(answers):
    """A server of `{method: answer}`; what it has no answer to is not found."""
    return LoopbackServer(lambda request: answers.get(request.method, JSONAnswer(status=404)))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps(OPENAPI), OpenapiPlace),
        ("\ufeff" + json.dumps(OPENAPI, indent=2), OpenapiPlace),
        ("openapi: 3.0.3\ninfo: {}\n", OpenapiPlace),
        ("# Stripe\n---\ninfo: {title: T}\n'openapi': \"3.1.0\"\n", OpenapiPlace),
        (SDL, GraphqlPlace),
        ("schema { query: Q }\ntype Q { a: Int }", GraphqlPlace),
    ],
)
def test_a_document_is_told_by_what_is_in_it(body, kind):
    place = place_described(body.encode(), "https://a.test/x", "https://a.test/graphql")
    assert isinstance(place, kind)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (PAGE, "neither OpenAPI nor"),
        ("{", "neither"),
        ("[]", "neither"),
        ('{"swagger": "2.0"}', "swagger 2.0, and the gateway reads"),
        ("swagger: '2.0'\n", "swagger 2.0, and the gateway reads"),
        ("query { a }", "neither"),
        ("type of thing: a sentence", "neither"),
        ("", "neither"),
        ("\n" * 200_000 + "x", "neither"),
    ],
)
def test_what_describes_nothing_is_told(body, told):
    with pytest.raises(SourceFailed, match=told):
        place_described(body.encode(), "https://a.test/x", "https://a.test/graphql")


async def test_a_document_takes_one_request(detector):
    async with served({"GET": JSONAnswer(body=OPENAPI)}) as server:
        place = await detector.place(f"{server.url}/spec")
        assert place == OpenapiPlace(spec=f"{server.url}/spec")
        assert len(server.requests) == 1
        assert "event-stream" not in server.requests[0].headers["accept"]


async def test_an_mcp_endpoint_is_found_and_its_session_closed_again(detector):
    result = {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-06-18"}}
    answers = {
        "POST": JSONAnswer(body=result, headers={"Mcp-Session-Id": "s1"}),
        "DELETE": JSONAnswer(body={}),
    }
    async with served(answers) as server:
        assert await detector.place(f"{server.url}/x") == McpEndpoint(url=f"{server.url}/x")
        assert [request.method for request in server.requests] == ["GET", "POST", "DELETE"]
        assert server.requests[-1].headers["mcp-session-id"] == "s1"


async def test_an_mcp_endpoint_may_answer_with_an_event_stream(detector):
    body = 'event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"1"}}\n\n'
    async with served({"POST": text(body, kind="text/event-stream")}) as server:
        assert isinstance(await detector.place(f"{server.url}/mcp"), McpEndpoint)
        assert [request.method for request in server.requests] == ["POST"]


@pytest.mark.parametrize(
    "body",
    [{"data": {"__typename": "Query"}}, {"errors": [{"message": "no introspection here"}]}],
)
async def test_a_graphql_endpoint_is_found_by_its_answer(detector, body):
    async with served({"POST": JSONAnswer(body=body)}) as server:
        assert isinstance(await detector.place(f"{server.url}/graphql"), GraphqlPlace)
        assert len(server.requests) == 1


async def test_a_protected_mcp_server_is_one_before_it_has_a_token(detector):
    async with McpService() as service:
        service.token = "t"
        assert isinstance(await detector.place(service.endpoint), McpEndpoint)


async def test_a_challenge_alone_does_not_say_what_is_behind_it(detector):
    challenge = {"WWW-Authenticate": "Bearer"}
    async with served({"POST": JSONAnswer(status=401, headers=challenge)}) as server:
        with pytest.raises(SourceFailed, match="as MCP: status 401"):
            await detector.place(f"{server.url}/api")
        assert isinstance(await detector.place(f"{server.url}/v1/gql"), GraphqlPlace)


async def test_nothing_fitting_tells_all_that_was_tried_and_no_query(detector):
    async with served({"GET": text(PAGE, kind="text/html")}) as server:
        with pytest.raises(SourceFailed) as caught:
            await detector.place(f"{server.url}/x?key=s3cr3t")
        assert str(caught.value) == (
            f"{server.url}/x is nothing that the gateway knows (as document: neither OpenAPI nor "
            "a GraphQL schema; as MCP: status 404; as GraphQL: status 404): give openapi=, mcp= "
            "or graphql= in place of url="
        )
        assert len(server.requests) == 3


async def test_a_silent_server_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr("executus_gateway.sources.detect.PROBE_TIMEOUT_S", 0.2)
    monkeypatch.setattr("executus_gateway.sources.detect.DOCUMENT_TIMEOUT_S", 0.2)
    detector = Detector(guard=Egress(allow_hosts=["127.0.0.1"]))
    async with LoopbackServer(lambda request: Hang()) as server:
        with pytest.raises(SourceFailed, match=r"as MCP: the request to .* took over"):
            await detector.place(server.url)


async def test_inward_addresses_are_refused_and_credentials_have_no_place_in_one():
    detector = Detector(guard=Egress())
    with pytest.raises(SourceFailed, match=r"^127.* not a public address but loopback"):
        await detector.place("http://127.0.0.1:8080/")
    with pytest.raises(Refused, match="leave credentials out"):
        await detector.place("https://me:pw@example.com/")


async def test_a_schema_needs_to_be_told_where_its_endpoint_is(detector, tmp_path):
    path = tmp_path / "schema.graphql"
    path.write_text(SDL)
    with pytest.raises(SourceFailed, match="say with base_url="):
        await detector.place(str(path))
    place = await detector.place(str(path), "https://a.test/graphql")
    assert place == GraphqlPlace(url="https://a.test/graphql", sdl=str(path))
    with pytest.raises(SourceFailed, match="cannot be read: No such file"):
        await detector.place(str(tmp_path / "none"))


async def test_sources_are_added_by_address_alone(gateway, pets):
    run = await gateway.execute(
        f"added = tools.executor.sources.add(url='{pets.url}/openapi.json', namespace='pets')\n"
        "return [added['data']['kind'], added['data']['state'], tools.pets.pets.list_pets()['ok']]"
    )
    assert run.outcome.value == ["openapi", "connected", True]


async def test_a_schema_at_an_address_serves_an_endpoint(gateway):
    def answer(request):
        if request.method == "GET":
            return text(SDL)
        return JSONAnswer(body={"data": {"pets": [{"id": "1"}]}})

    async with LoopbackServer(answer) as server:
        run = await gateway.execute(
            f"tools.executor.sources.add(url='{server.url}/s.graphql', "
            f"base_url='{server.url}/graphql', namespace='g')\nreturn tools.g.query.pets()"
        )
    assert run.outcome.value == {"ok": True, "data": [{"id": "1"}]}


async def test_what_fits_nothing_is_told_to_the_code(gateway):
    async with served({}) as server:
        run = await gateway.execute(f"return tools.executor.sources.add(url='{server.url}')")
    assert run.outcome.value["error"]["code"] == "source_error"
    assert "as document: status 404" in run.outcome.value["error"]["message"]
    assert gateway.sources.list() == []


async def test_an_address_and_a_kind_do_not_go_together(gateway):
    run = await gateway.execute(
        "return tools.executor.sources.add(url='https://a.test', mcp='https://a.test')"
    )
    assert run.outcome.value["error"]["code"] == "invalid_arguments"
