"""A small MCP server for tests: `python mcpserver.py [mode]` over stdio."""

import base64
import os
import sys
import time

import anyio
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def make_server():  # noqa: C901 - a list of tools
    server = MCPServer("tests")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two integers."""
        return a + b

    @server.tool()
    def picture() -> Image:
        """A picture."""
        return Image(data=PNG, format="png")

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
    def die() -> str:
        """Ends the server."""
        os._exit(3)

    @server.tool()
    async def slow() -> str:
        """Takes its time."""
        try:
            await anyio.sleep(60)
        except BaseException:
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


if __name__ == "__main__":
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    if mode == "silent":
        time.sleep(60)
    if mode == "rubbish":
        sys.stdout.write("starting up, not JSON {\n")
        sys.stdout.flush()
    make_server().run("stdio")
