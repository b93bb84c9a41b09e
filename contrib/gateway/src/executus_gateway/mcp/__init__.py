"""The face an agent sees: an MCP server with the one tool `execute`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from executus_gateway.mcp.bridge import bridge_stdio
    from executus_gateway.mcp.daemonlink import Endpoint, FindEndpoint
    from executus_gateway.mcp.endpoint import make_server
    from executus_gateway.mcp.overhttp import HttpEndpoint

__all__ = ["Endpoint", "FindEndpoint", "HttpEndpoint", "bridge_stdio", "make_server"]

# Loaded when asked for: the bridge is a process per agent, and serves nothing itself.
_MODULES = {
    "Endpoint": "daemonlink",
    "FindEndpoint": "daemonlink",
    "HttpEndpoint": "overhttp",
    "bridge_stdio": "bridge",
    "make_server": "endpoint",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
