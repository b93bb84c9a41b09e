"""The face an agent sees: an MCP server with the one tool `execute`."""

from executus_gateway.mcp.endpoint import make_server

__all__ = ["make_server"]
