"""An agent stays connected over standard streams, whatever becomes of the daemon meanwhile."""

import os
import signal
import sys
from contextlib import asynccontextmanager

import anyio
import pytest
from daemons import daemon_home, end_daemon
from executus_gateway.local import DaemonFiles
from executus_gateway.schema import Answer
from executus_gateway.sdk import Client as GatewayClient
from executus_gateway.sdk import find_daemon, start_daemon, stop_daemon
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.types import ElicitResult, Implementation

from majordomo.clock import SYSTEM_CLOCK

pytestmark = pytest.mark.slow

CREATE = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"
LONG = "while True: pass"
ME = Implementation(name="tester", version="1")


@pytest.fixture
async def bridge(home):
    daemon_home(home)
    command = ["-m", "executus_gateway.cli", "--home", str(home), "mcp"]

    @asynccontextmanager
    async def connected(**options):
        streams = stdio_client(
            StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
        )
        async with Client(streams, client_info=ME, **options) as client:
            yield client

    yield connected
    await end_daemon(home)


async def execute(client, code):
    result = await client.call_tool("execute", {"code": code})
    return result.content[0].text


async def refusal(client, code):
    """The error that code is answered with."""
    try:
        result = await execute(client, code)
    except MCPError as error:
        return error.error
    raise AssertionError(result)


async def until_run(home, state):
    """The latest run, once it is in a state."""
    async with await GatewayClient.create(adapter="daemon", folder=home) as gateway:
        while True:
            runs = await gateway.runs()
            if runs and runs[-1].state == state:
                return runs[-1]
            await SYSTEM_CLOCK.sleep(0.01)


async def killed(home):
    await end_daemon(home, signal.SIGKILL)


@pytest.mark.parametrize(("mode", "end"), [("auto", killed), ("legacy", stop_daemon)])
async def test_between_two_requests_an_agent_notices_nothing(bridge, home, mode, end):
    async with bridge(mode=mode) as client:
        assert await execute(client, "return 1") == "1"
        first = find_daemon(home).pid
        await end(home)
        assert await execute(client, "return 2") == "2"
        second = find_daemon(home).pid
        assert [tool.name for tool in (await client.list_tools()).tools] == ["execute", "resume"]
        await end(home)
        assert len((await client.list_tools()).tools) == 2
        assert first != second != find_daemon(home).pid
    async with await GatewayClient.create(adapter="daemon", folder=home) as gateway:
        assert [(run.code, run.client) for run in await gateway.runs()] == [
            ("return 1", "tester"),
            ("return 2", "tester"),
        ]


async def test_a_daemon_that_another_client_restarted_is_found(bridge, home):
    async with bridge(mode="legacy") as client:
        await execute(client, "return 1")
        await killed(home)
        other = await start_daemon(home)
        assert await execute(client, "return 2") == "2"
        assert find_daemon(home) == other


@pytest.mark.parametrize(("mode", "end"), [("auto", killed), ("legacy", stop_daemon)])
async def test_code_that_was_under_way_is_told_of_and_not_run_again(bridge, home, pets, mode, end):
    code = f"{pets.add()}tools.pets.pets.create_pet(body={{'name': 'Rex'}})\n{LONG}"
    async with bridge(mode=mode) as client:
        await execute(client, "return tools.executor.policies.list()")
        async with await GatewayClient.create(adapter="daemon", folder=home) as gateway:
            await gateway.add_policy("pets.*", "allow")
        async with anyio.create_task_group() as group:
            group.start_soon(_end_when_written, end, home, pets)
            told = await refusal(client, code)
        assert "may have run" in told.message
        run_id = told.data["run_id"]
        assert f"call resume with run_id {run_id!r}" in told.message
        assert told.data["may_have_run"]
        resumed = await client.call_tool("resume", {"run_id": run_id})
        assert "look which calls it had made" in resumed.content[0].text
        read = await execute(client, f"return tools.executor.runs.read(run={run_id!r})")
        assert '"state":"interrupted"' in read
        assert '{"path":"pets.pets.create_pet","state":"succeeded"}' in read
    assert len(pets.writes) == 1


async def _end_when_written(end, home, pets):
    while not pets.writes:
        await SYSTEM_CLOCK.sleep(0.01)
    await until_run(home, "running")
    await end(home)


async def test_an_agent_that_can_be_asked_is_told_to_look_with_execute(bridge, home):
    async def elicit(context, params):
        return ElicitResult(action="decline")

    async with bridge(mode="legacy", elicitation_callback=elicit) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(_kill_when_running, home)
            told = await refusal(client, LONG)
        assert f"tools.executor.runs.read(run={told.data['run_id']!r})" in told.message


async def _kill_when_running(home):
    await until_run(home, "running")
    await killed(home)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_question_that_is_being_answered_while_the_daemon_is_killed_counts_once(
    bridge, home, pets, mode
):
    asked = []

    async def elicit(context, params):
        asked.append(params.message)
        await killed(home)
        return ElicitResult(action="accept", content={})

    async with bridge(mode=mode, elicitation_callback=elicit) as client:
        assert '"name":"Rex"' in await execute(client, pets.add() + CREATE)
    assert len(asked) == len(pets.writes) == 1


async def test_waiting_for_a_paused_run_goes_on_with_the_next_daemon(bridge, home, pets):
    async with bridge(mode="legacy") as client:
        assert "Paused" in await execute(client, pets.add() + CREATE)
        run = await until_run(home, "paused")
        results = []

        async def resume():
            results.append(await client.call_tool("resume", {"run_id": run.id}))

        async with anyio.create_task_group() as group:
            group.start_soon(resume)
            await anyio.wait_all_tasks_blocked()
            await killed(home)
            async with await GatewayClient.create(adapter="daemon", folder=home) as gateway:
                (question,) = await gateway.inbox()
                await gateway.answer(question.id, Answer(verdict="accept"))
    assert '"name":"Rex"' in results[0].content[0].text
    assert len(pets.writes) == 1


async def test_a_daemon_that_does_not_come_up_is_told_and_tried_again(bridge, home):
    async with bridge(mode="legacy") as client:
        await execute(client, "return 1")
        await killed(home)
        settings = home / "gateway.toml"
        good = settings.read_text()
        settings.write_text("prot = 1")
        with pytest.raises(MCPError, match=r"did not come up: .*gateway\.toml: prot"):
            await execute(client, "return 2")
        settings.write_text(good)
        assert await execute(client, "return 3") == "3"


async def test_no_daemon_is_left_behind_as_a_zombie(bridge, home):
    async with bridge(mode="legacy") as client:
        for number in range(2):
            await execute(client, f"return {number}")
            pid = DaemonFiles(home).holder()
            os.kill(pid, signal.SIGKILL)
            while DaemonFiles(home).holder() is not None:
                await SYSTEM_CLOCK.sleep(0.01)
        await execute(client, "return 'on'")
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
