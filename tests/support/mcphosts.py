"""Ways to reach real MCP servers, ours and npm's, and a run that calls their tools."""

import os
import shutil
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import mcpserver
import pytest

from executus import Executor, Limits, RunnableAgent
from executus.tools.mcp import McpServer
from majordomo.llm import ToolResultPart
from majordomo.providers.fake import FakeProvider, Reply

SCRIPT = str(Path(mcpserver.__file__))
NPM = Path(__file__).parents[2] / ".mcp-servers" / "node_modules" / "@modelcontextprotocol"
EVERYTHING = str(NPM / "server-everything" / "dist" / "index.js")
FILESYSTEM = str(NPM / "server-filesystem" / "dist" / "index.js")
NODE = shutil.which("node") or "node"

needs_npm = pytest.mark.skipif(
    not Path(EVERYTHING).exists() or shutil.which("node") is None,
    reason="the reference MCP servers are not installed: run `make mcp-servers` (needs npm)",
)

# Listens on loopback only, whatever the server asks for, and says on which port.
LOOPBACK = """data:text/javascript,
import net from 'node:net';
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, done) {
  return listen.call(this, {port: Number(port), host: '127.0.0.1'}, () => {
    process.stdout.write(this.address().port + '\\n'); if (done) done();
  });
};"""


@asynccontextmanager
async def http_process(command, env=None):
    """A server process; the first line of its output that is a number is its port."""
    process = await anyio.open_process(command, env={**os.environ, **(env or {})}, stderr=None)
    try:
        with anyio.fail_after(60):
            seen = b""
            while not any(line.isdigit() for line in seen.split(b"\n")[:-1]):
                seen += await process.stdout.receive()
        port = next(line for line in seen.split(b"\n") if line.isdigit())
        async with anyio.create_task_group() as group:
            group.start_soon(drain, process)
            yield int(port), process
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True), suppress(ProcessLookupError):
            process.kill()
            await process.wait()
            await process.aclose()


async def drain(process):
    with suppress(anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
        while True:
            await process.stdout.receive()


def python_http(port=0):
    return http_process([sys.executable, SCRIPT, "http", str(port)])


def everything_http(port=0):
    command = [NODE, "--import", LOOPBACK, EVERYTHING, "streamableHttp"]
    return http_process(command, env={"PORT": str(port)})


def http_at(port, **options):
    return McpServer.http(f"http://127.0.0.1:{port}/mcp", **{"name": "srv", **options})


@asynccontextmanager
async def reached(over, **options):
    """Our test server, over one of `in_process`, `stdio`, `http`."""
    options = {"name": "srv", **options}
    if over == "http":
        async with python_http() as (port, _), http_at(port, **options) as server:
            yield server
        return
    made = (
        McpServer.stdio(sys.executable, [SCRIPT], **options)
        if over == "stdio"
        else McpServer.in_process(mcpserver.make_server(), **options)
    )
    async with made as server:
        yield server


async def run_calls(registry, *calls, **executor):
    """A run that makes the calls one by one; its tool results."""
    provider = FakeProvider()
    provider.enqueue("m", *(Reply(calls=[call]) for call in calls), Reply(text="done"))
    agent = RunnableAgent(
        name="a", model=provider.model("m"), tools=["*"], limits=Limits(max_steps=40)
    )
    result = await Executor(registry=registry, **executor).run(agent, "go")
    assert result.status == "ok", result.error
    return tool_results(result)


def tool_results(result):
    parts = (part for message in result.messages for part in message.parts)
    return [part for part in parts if isinstance(part, ToolResultPart)]


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A killed child of a killed parent is init's to reap.
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True
