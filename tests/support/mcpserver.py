"""A small MCP server for tests: `python mcpserver.py [mode]` over stdio, or `http [port]`."""

import base64
import os
import signal
import socket
import sys
import time

import anyio
import uvicorn
from mcp.server.mcpserver import Audio, Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import (
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)
from pydantic import BaseModel

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Weather(BaseModel):
    celsius: float
    sky: str


def make_server():  # noqa: C901 - a list of tools
    server = MCPServer("tests")
    cancelled = []

    @server.tool(name="cancelled")
    def how_many_were_cancelled() -> int:
        """Slow calls that were cancelled."""
        return len(cancelled)

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two integers."""
        return a + b

    @server.tool()
    def picture() -> Image:
        """A picture."""
        return Image(data=PNG, format="png")

    @server.tool()
    def sound() -> Audio:
        """A sound."""
        return Audio(data=b"RIFF....", format="wav")

    @server.tool()
    def weather(city: str) -> Weather:
        """Structured."""
        return Weather(celsius=21.5, sky=f"blue over {city}")

    @server.tool()
    def only_structured() -> CallToolResult:
        """Structured, without the text most servers repeat it in."""
        return CallToolResult(content=[], structured_content={"answer": 42})

    @server.tool()
    def documents() -> CallToolResult:
        """Embedded text and bytes, and a link."""
        text = TextResourceContents(uri="test://note", mime_type="text/plain", text="a note")
        blob = BlobResourceContents(
            uri="test://blob", mime_type="application/gzip", blob=base64.b64encode(b"xyz").decode()
        )
        picture = BlobResourceContents(
            uri="test://png", mime_type="image/png", blob=base64.b64encode(PNG).decode()
        )
        return CallToolResult(
            content=[
                EmbeddedResource(type="resource", resource=text),
                EmbeddedResource(type="resource", resource=blob),
                EmbeddedResource(type="resource", resource=picture),
                ResourceLink(type="resource_link", name="manual", uri="test://manual"),
                TextContent(type="text", text="that is all"),
            ]
        )

    @server.tool(annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True))
    def look() -> str:
        """Says of itself that it only reads."""
        return "seen"

    @server.tool()
    async def long(steps: int, ctx: Context) -> str:
        """Reports progress."""
        for step in range(steps):
            await ctx.report_progress(step, steps)
            await anyio.sleep(0.01)
        return f"{steps} steps"

    @server.tool()
    def broken() -> str:
        """Fails."""
        raise ToolError("the disk is full")

    @server.tool()
    def huge() -> str:
        """A long text."""
        return "word " * 100_000

    @server.tool()
    def environment() -> str:
        """Names of the environment's variables, and the process."""
        return " ".join([str(os.getpid()), *sorted(os.environ)])

    @server.tool()
    def confess(variable: str) -> str:
        """Tells a variable, twice."""
        sys.stderr.write(f"confessed {os.environ[variable]}\n")
        sys.stderr.flush()
        return os.environ[variable]

    @server.tool()
    def die() -> str:
        """Ends the server."""
        os._exit(3)

    @server.tool()
    async def slow() -> str:
        """Takes its time."""
        try:
            await anyio.sleep(60)
        except BaseException:
            cancelled.append(1)
            sys.stderr.write("slow was cancelled\n")
            sys.stderr.flush()
            raise
        return "late"

    @server.tool(name="suche.über")
    def search() -> str:
        """A name no provider takes."""
        return "gefunden"

    @server.tool()
    async def grow(ctx: Context) -> str:
        """Add a tool."""

        def grown() -> str:
            """New."""
            return "new"

        server.add_tool(grown)
        await ctx.notify_tools_changed()
        return "grown"

    return server


def serve_http(port):
    """Over streamable HTTP on loopback; says on a line of standard output where."""
    listener = socket.create_server(("127.0.0.1", port))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(make_server().streamable_http_app(), log_level="error")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    if mode == "http":
        serve_http(int(sys.argv[2]))
        raise SystemExit
    if mode == "exits":
        raise SystemExit(7)
    if mode == "deaf":  # neither the end of its input nor SIGTERM ends it
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mode == "noisy":
        sys.stderr.write("z" * 3_000_000 + "\n")
        sys.stderr.flush()
    if mode == "silent":
        time.sleep(60)
    if mode == "rubbish":
        sys.stdout.write("starting up, not JSON {\n")
        sys.stdout.flush()
    if mode == "endless":  # a line that never ends
        sys.stdin.readline()
        while True:
            sys.stdout.write("x" * 1_000_000)
    make_server().run("stdio")
    if mode == "deaf":
        time.sleep(60)
