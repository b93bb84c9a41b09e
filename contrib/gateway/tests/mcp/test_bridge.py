"""The endpoint over standard streams, for agents that know no other."""

import os
import sys

import pytest
from daemons import daemon_home, end_daemon
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import ElicitResult

pytestmark = pytest.mark.slow

CREATE = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"


@pytest.fixture
async def bridge(home):
    daemon_home(home)
    command = ["-c", "from executus_gateway.cli import main; main()", "--home", str(home), "mcp"]
    yield lambda: stdio_client(
        StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
    )
    await end_daemon(home)


def text(result):
    return result.content[0].text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_calls_go_to_the_daemon_and_its_questions_come_back(bridge, pets, mode):
    asked = []

    async def elicit(context, params):
        asked.append(params.message)
        return ElicitResult(action="accept", content={})

    async with Client(bridge(), mode=mode, elicitation_callback=elicit) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["execute"]
        result = await client.call_tool("execute", {"code": pets.add() + CREATE})
    assert '"name":"Rex"' in text(result)
    assert len(asked) == len(pets.writes) == 1


async def test_an_agent_that_cannot_be_asked_is_offered_to_resume(bridge, pets):
    async with Client(bridge(), mode="legacy") as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["execute", "resume"]
        paused = await client.call_tool("execute", {"code": pets.add() + CREATE})
    assert "Do not run the code again" in text(paused)
    assert pets.writes == []
