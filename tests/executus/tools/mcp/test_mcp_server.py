"""Real MCP servers driven through real runs; a host's own session in place of the SDK's."""

import logging
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import mcpserver
import pytest

from executus import Executor, RunnableAgent, ToolRegistry
from executus.errors import SetupError
from executus.testing import FakeClock
from executus.tools.mcp import McpServer, McpUnavailable
from majordomo.llm import ToolCallPart, ToolContext, ToolResultPart
from majordomo.providers.fake import FakeProvider, Reply

SCRIPT = str(Path(mcpserver.__file__))
pytestmark = pytest.mark.slow


def stdio(mode="", **options):
    return McpServer.stdio(sys.executable, [SCRIPT, mode], **{"name": "srv", **options})


async def run_calls(registry, *calls):
    """A run that makes the calls one by one; its tool results."""
    provider = FakeProvider()
    provider.enqueue("m", *(Reply(calls=[call]) for call in calls), Reply(text="done"))
    model = provider.model("m")
    agent = RunnableAgent(name="a", model=model, tools=["*"])
    result = await Executor(registry=registry).run(agent, "go")
    assert result.status == "ok", result.error
    return [
        part
        for message in result.messages
        for part in message.parts
        if isinstance(part, ToolResultPart)
    ]


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_run_uses_a_stdio_server_and_its_process_ends_with_the_block(monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "canary")
    registry = ToolRegistry()
    async with stdio(env={"GIVEN": "1"}) as server:
        await server.register(registry)
        added, picture, broken, huge, env, found = await run_calls(
            registry,
            ("srv__add", {"a": 2, "b": 3}),
            ("srv__picture", {}),
            ("srv__broken", {}),
            ("srv__huge", {}),
            ("srv__environment", {}),
            ("srv__suche_ber", {}),
        )
    assert (added.text, added.is_error) == ("5", False)
    assert picture.images[0].data == mcpserver.PNG
    assert broken.is_error
    assert "disk is full" in broken.text
    assert len(huge.text) <= 64 * 1024
    assert "read_more" in huge.text
    pid, *names = env.text.split()
    assert "GIVEN" in names
    assert "MY_API_KEY" not in names
    assert found.text == "gefunden"
    assert gone(int(pid))
    assert registry.names == ()


async def test_a_server_that_dies_in_a_call_is_an_error_and_the_next_call_starts_it_anew():
    registry = ToolRegistry()
    async with stdio() as server:
        await server.register(registry)
        died, added = await run_calls(registry, ("srv__die", {}), ("srv__add", {"a": 1, "b": 1}))
    assert died.is_error
    assert "broke" in died.text
    assert added.text == "2"


async def test_a_killed_server_is_noticed_before_the_next_call():
    registry = ToolRegistry()
    async with stdio() as server:
        await server.register(registry)
        (env,) = await run_calls(registry, ("srv__environment", {}))
        os.kill(int(env.text.split()[0]), signal.SIGKILL)
        with anyio.fail_after(60):
            while server._connection._link.usable:
                await anyio.sleep(0.01)
        (added,) = await run_calls(registry, ("srv__add", {"a": 1, "b": 1}))
    assert added.text == "2"


async def test_a_slow_call_is_cut_off_and_the_server_is_told(caplog):
    caplog.set_level(logging.DEBUG, "executus.tools.mcp.stderr")
    registry = ToolRegistry()
    async with stdio(call_timeout_s=0.3) as server:
        await server.register(registry)
        slow, added = await run_calls(registry, ("srv__slow", {}), ("srv__add", {"a": 1, "b": 1}))
        assert slow.is_error
        assert "no answer within" in slow.text
        assert added.text == "2"
        with anyio.fail_after(60):
            while "slow was cancelled" not in caplog.text:
                await anyio.sleep(0.01)


async def test_rubbish_on_stdout_is_skipped():
    registry = ToolRegistry()
    async with stdio("rubbish") as server:
        await server.register(registry)
        (added,) = await run_calls(registry, ("srv__add", {"a": 1, "b": 1}))
    assert added.text == "2"


async def test_a_server_that_never_answers_is_given_up():
    with anyio.fail_after(60):
        with pytest.raises(McpUnavailable, match=r"not ready within 0\.5 s"):
            async with stdio("silent", connect_timeout_s=0.5):
                raise AssertionError


async def test_a_cancelled_block_leaves_no_process():
    registry = ToolRegistry()
    with anyio.CancelScope() as scope:
        async with stdio() as server:
            await server.register(registry)
            (env,) = await run_calls(registry, ("srv__environment", {}))
            scope.cancel()
            await anyio.sleep(0)
    assert scope.cancelled_caught
    assert gone(int(env.text.split()[0]))


@pytest.mark.parametrize("over", ["stdio", "in_process"])
async def test_new_tools_are_followed(over):
    registry = ToolRegistry()
    made = stdio() if over == "stdio" else McpServer.in_process(mcpserver.make_server(), name="srv")
    async with made as server:
        await server.register(registry)
        await run_calls(registry, ("srv__grow", {}))
        with anyio.fail_after(60):
            while "srv.grown" not in registry.names:
                await anyio.sleep(0.01)


async def test_two_servers_with_the_same_tools_live_side_by_side():
    registry = ToolRegistry()
    async with (
        McpServer.in_process(mcpserver.make_server(), name="one") as one,
        McpServer.in_process(mcpserver.make_server(), name="two") as two,
        McpServer.in_process(mcpserver.make_server(), name="one") as again,
    ):
        await one.register(registry)
        await two.register(registry)
        with pytest.raises(SetupError, match="another name"):
            await again.register(registry)
        assert {"one.add", "two.add"} <= set(registry.names)


class OwnSession:
    alive = True

    def __init__(self, opened):
        self.opened = opened

    async def list_tools(self):
        return [{"name": "ping", "inputSchema": {"type": "object"}}, {"name": "bad"}]

    async def call(self, name, arguments):
        self.alive = False
        raise McpUnavailable("gone")


async def test_a_hosts_own_session_replaces_the_sdk_and_attempts_are_spaced():
    clock, opened = FakeClock(), []

    @asynccontextmanager
    async def open_session(_on_change):
        opened.append(1)
        if len(opened) == 2:
            raise OSError("no route")
        yield OwnSession(opened)

    registry = ToolRegistry()
    async with McpServer("own", open_session, clock=clock) as server:
        await server.register(registry)
        assert registry.names == ("own.ping",)
        tool = registry.get("own.ping")
        context = ToolContext(deps=None, call=ToolCallPart(id="c", name="own__ping"))
        for expected in ("gone", "no route", "tried again in 1 s"):
            with pytest.raises(McpUnavailable, match=expected):
                await tool.invoke("{}", context)
        assert len(opened) == 2
        clock.advance(1.1)
        with pytest.raises(McpUnavailable, match="gone"):
            await tool.invoke("{}", context)
        assert len(opened) == 3
    with pytest.raises(McpUnavailable, match="closed"):
        await tool.invoke("{}", context)
