"""The face an agent sees: an MCP server with the one tool `execute`."""

from executus_gateway.mcp.bridge import bridge_stdio
from executus_gateway.mcp.daemonlink import Endpoint, FindEndpoint
from executus_gateway.mcp.endpoint import make_server
from executus_gateway.mcp.overhttp import HttpEndpoint

__all__ = ["Endpoint", "FindEndpoint", "HttpEndpoint", "bridge_stdio", "make_server"]
