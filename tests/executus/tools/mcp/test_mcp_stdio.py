"""A server's process: what it inherits, how it fails to start, how it is ended, what it may say."""

import logging
import sys
import threading

import anyio
import pytest
from mcphosts import SCRIPT, gone, run_calls

from executus import Executor, RunnableAgent, ToolRegistry
from executus.tools.mcp import McpServer, McpUnavailable
from majordomo.providers.fake import FakeProvider, Reply

pytestmark = pytest.mark.slow
SECRET = "sk-canary-0123456789"


def stdio(mode="", **options):
    return McpServer.stdio(sys.executable, [SCRIPT, mode], **{"name": "srv", **options})


async def pid_of(registry):
    (env,) = await run_calls(registry, ("srv__environment", {}))
    return int(env.text.split()[0])


async def test_a_child_gets_home_path_and_what_is_given(monkeypatch):
    for name in ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "LOGNAME", "USER", "SHELL", "TERM"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("HOME", "/home/x")
    registry = ToolRegistry()
    async with stdio(env={"GIVEN": "1"}) as server:
        await server.register(registry)
        (env,) = await run_calls(registry, ("srv__environment", {}))
    # The interpreter itself may set the last one.
    assert set(env.text.split()[1:]) - {"LC_CTYPE"} == {"GIVEN", "HOME", "PATH"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: McpServer.stdio("/no/such/program", name="srv"), "FileNotFoundError"),
        (lambda: stdio("exits"), "not available"),
        (lambda: stdio(cwd="/no/such/folder"), "FileNotFoundError"),
    ],
)
async def test_a_server_that_does_not_start_is_one_typed_error(make, words, caplog):
    with anyio.fail_after(60):
        with pytest.raises(McpUnavailable, match=words):
            async with make():
                raise AssertionError
    assert "the MCP server" not in caplog.text  # the error says it


async def test_a_server_deaf_to_everything_is_killed():
    registry = ToolRegistry()
    with anyio.fail_after(60):
        async with stdio("deaf") as server:
            await server.register(registry)
            pid = await pid_of(registry)
    assert gone(pid)


async def test_a_cancelled_run_leaves_the_session_and_a_cancelled_block_no_process():
    registry = ToolRegistry()
    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("srv__slow", {})]))
    agent = RunnableAgent(name="a", model=provider.model("m"), tools=["*"])
    async with stdio() as server:
        await server.register(registry)
        pid = await pid_of(registry)
        with anyio.move_on_after(0.5) as scope:
            await Executor(registry=registry).run(agent, "go")
        assert scope.cancelled_caught
        assert await pid_of(registry) == pid
    assert gone(pid)


async def test_standard_error_neither_blocks_nor_fills_the_log(caplog):
    caplog.set_level(logging.DEBUG, "executus.tools.mcp.stderr")
    registry = ToolRegistry()
    async with stdio("noisy", env={"API_KEY": SECRET}) as server:
        await server.register(registry)
        (added,) = await run_calls(registry, ("srv__add", {"a": 1, "b": 1}))
    assert added.text == "2"
    lines = [r.getMessage() for r in caplog.records if r.name == "executus.tools.mcp.stderr"]
    assert lines
    assert sum(map(len, lines)) < 300_000


async def test_a_key_in_the_environment_is_scrubbed_from_results_and_the_log(caplog):
    caplog.set_level(logging.DEBUG, "executus")
    registry = ToolRegistry()
    async with stdio(env={"API_KEY": SECRET}) as server:
        await server.register(registry)
        (told,) = await run_calls(registry, ("srv__confess", {"variable": "API_KEY"}))
        with anyio.fail_after(60):
            while "confessed" not in caplog.text:
                await anyio.sleep(0.01)
    assert told.text == "[secret API_KEY]"
    assert SECRET not in caplog.text


async def test_a_line_without_end_ends_the_connection():
    with anyio.fail_after(60):
        with pytest.raises(McpUnavailable):
            async with stdio("endless", connect_timeout_s=50):
                raise AssertionError


async def test_closing_leaves_no_thread():
    before = set(threading.enumerate())
    async with stdio():
        pass
    left = [t for t in set(threading.enumerate()) - before if t.name == "mcp-stderr"]
    for thread in left:
        thread.join(60)
        assert not thread.is_alive()
