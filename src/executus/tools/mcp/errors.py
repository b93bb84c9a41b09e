"""What goes wrong between a run and an MCP server."""

from __future__ import annotations

from executus.errors import ExecutusError

__all__ = ["McpError", "McpUnavailable"]


class McpError(ExecutusError):
    """The server refused a request or answered against the protocol; it is still there."""


class McpUnavailable(McpError):
    """The server cannot be reached, or its connection broke before it answered."""
