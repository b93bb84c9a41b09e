"""What the gateway promises, seen from outside of its daemon: sockets, processes, signals."""

import json
import signal

import anyio
import pytest
from daemons import end_daemon
from executus_gateway.schema import Answer
from executus_gateway.sdk import Client, start_daemon
from mcp.types import ElicitResult
from mcpclient import mcp_client

CREATE = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"

pytestmark = pytest.mark.slow


def text(result):
    return result.content[0].text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_1_a_fresh_home_connects_and_executes_with_the_agents_token(served, mode):
    daemon = await start_daemon(served)
    async with mcp_client(f"{daemon.url}/mcp", daemon.agent_token, mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["execute", "resume"]
        assert text(await client.call_tool("execute", {"code": "return 6 * 7"})) == "42"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_4_a_client_that_can_elicit_is_asked_over_the_wire(served, pets, mode):
    asked = []

    async def elicit(context, params):
        asked.append(params.message)
        return ElicitResult(action="accept", content={})

    daemon = await start_daemon(served)
    async with mcp_client(
        f"{daemon.url}/mcp", daemon.agent_token, mode=mode, elicitation_callback=elicit
    ) as client:
        result = await client.call_tool("execute", {"code": pets.add() + CREATE})
    assert '"name":"Rex"' in text(result)
    assert ["pets.pets.create_pet" in message for message in asked] == [True]
    assert len(pets.writes) == 1


async def test_6_a_call_that_waits_outlives_a_kill_of_the_daemon_and_is_made_once(served, pets):
    async with await Client.create(adapter="daemon", folder=served) as client:
        run = await client.start(pets.add() + CREATE)
        paused = await client.wait(run.id, through_pauses=False)
        assert paused.state == "paused"
        await end_daemon(served, signal.SIGKILL)
    async with await Client.create(adapter="daemon", folder=served) as client:
        assert pets.writes == []
        (asked,) = await client.inbox()
        await client.answer(asked.id, Answer(verdict="accept"))
        ended = await client.wait(run.id)
        await client.answer(asked.id, Answer(verdict="accept"))
    assert ended.outcome.value == {"ok": True, "data": {"id": 1, "name": "Rex"}}
    assert len(pets.writes) == 1


async def test_9_what_is_hostile_is_refused_on_the_socket(served):
    daemon = await start_daemon(served)
    good = {
        "Host": daemon.url.removeprefix("http://"),
        "Authorization": f"Bearer {daemon.token}",
        "Content-Type": "application/json",
    }
    call = json.dumps({"method": "runs.list", "params": {}})
    table = [
        ("POST /rpc", {}, 200),
        ("POST /rpc", {"Host": "evil.example"}, 421),
        ("POST /mcp", {"Host": "evil.example"}, 421),
        ("POST /rpc", {"Origin": "https://evil.example"}, 403),
        ("POST /mcp", {"Origin": "https://evil.example"}, 403),
        ("POST /rpc", {"Authorization": "Bearer wrong"}, 401),
        ("POST /mcp", {"Authorization": ""}, 401),
        ("GET /events", {"Authorization": f"Bearer {daemon.agent_token}"}, 401),
        ("POST /rpc", {"Authorization": f"Bearer {daemon.agent_token}"}, 401),
        ("POST /rpc", {"Content-Type": "text/plain"}, 415),
        ("GET /rpc", {}, 405),
        ("OPTIONS /rpc", {}, 405),
        ("PUT /mcp", {}, 405),
        ("POST /health", {}, 405),
        ("POST /rpc", {"Content-Length": "999999999"}, 413),
        ("POST /nowhere", {}, 404),
        ("GET /../token", {}, 404),
    ]
    port = int(daemon.url.rpartition(":")[2])
    got = [await status(port, line, {**good, **changes}, call) for line, changes, _ in table]
    assert got == [expected for _, _, expected in table]


async def status(port, line, headers, body):
    """Of the answer to a request that is written as it stands."""
    given = {"Content-Length": str(len(body)), **headers, "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(f"{line} HTTP/1.1\r\n{head}\r\n{body}".encode())
        answer = await stream.receive()
    return int(answer.split(b" ", 2)[1])
