"""An MCP server whose tool `old` is called `new` after a call of `rename`."""

import os

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ToolAnnotations

server = MCPServer("renaming")
READS = ToolAnnotations(readOnlyHint=True)


def value() -> str:
    """A value."""
    return "here"


@server.tool(annotations=READS)
async def rename(quietly: bool, ctx: Context) -> str:
    """Rename a tool, with or without telling."""
    server.remove_tool("old")
    server.add_tool(value, name="new", annotations=READS)
    if not quietly:
        await ctx.notify_tools_changed()
    return "done"


@server.tool(annotations=READS)
def die() -> str:
    """Ends the server."""
    os._exit(3)


server.add_tool(value, name="old", annotations=READS)
server.run("stdio")
