"""Any MCP server's tools as a toolset, through the official SDK (extra `mcp`).

Example:
    >>> from executus.tools.mcp import McpServer
    >>> server = McpServer.stdio("npx", ["-y", "some-server"], name="files")
    >>> server.name
    'files'
"""

from executus.tools.mcp.errors import McpError, McpUnavailable
from executus.tools.mcp.server import McpServer
from executus.tools.mcp.session import McpSession, OpenSession

__all__ = ["McpError", "McpServer", "McpSession", "McpUnavailable", "OpenSession"]
