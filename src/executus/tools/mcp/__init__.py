"""Any MCP server's tools as a toolset, through the official SDK (extra `mcp`).

Example:
    >>> from executus.tools.mcp import McpServer
    >>> server = McpServer.stdio("npx", ["-y", "some-server"], name="files")
    >>> server.name
    'files'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from executus.tools.mcp.errors import McpError, McpUnavailable
from executus.tools.mcp.session import McpSession, OpenSession

if TYPE_CHECKING:
    from executus.tools.mcp.server import McpServer

__all__ = ["McpError", "McpServer", "McpSession", "McpUnavailable", "OpenSession"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: a toolset brings the registry, a session of the protocol does not.
    if name != "McpServer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.server").McpServer


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
