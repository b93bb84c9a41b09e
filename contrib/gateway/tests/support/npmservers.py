"""The protocol's reference servers from npm, as processes; `make mcp-servers` installs them."""

import os
import shutil
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import pytest

NPM = Path(__file__).parents[4] / ".mcp-servers" / "node_modules" / "@modelcontextprotocol"
EVERYTHING = str(NPM / "server-everything" / "dist" / "index.js")
FILESYSTEM = str(NPM / "server-filesystem" / "dist" / "index.js")
NODE = shutil.which("node") or "node"

needs_npm = pytest.mark.skipif(
    not Path(EVERYTHING).exists() or shutil.which("node") is None,
    reason="the reference MCP servers are not installed: make mcp-servers does it (needs npm)",
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
async def everything_http(port=0):
    """Server-everything over HTTP; gives its port and its process."""
    command = [NODE, "--import", LOOPBACK, EVERYTHING, "streamableHttp"]
    environment = {**os.environ, "PORT": str(port)}
    process = await anyio.open_process(command, env=environment, stderr=None)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_drain, process, found := _Port())
            with anyio.fail_after(60):
                await found.known.wait()
            yield found.number, process
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await process.aclose()


class _Port:
    def __init__(self):
        self.known = anyio.Event()
        self.number = 0


async def _drain(process, port):
    seen = b""
    with suppress(anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
        while True:
            seen += await process.stdout.receive()
            *lines, seen = seen.split(b"\n")
            for line in lines:
                if line.strip().isdigit() and not port.number:
                    port.number = int(line)
                    port.known.set()
