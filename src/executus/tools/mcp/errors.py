"""What goes wrong between a run and an MCP server."""

from __future__ import annotations

from functools import partial

from executus.errors import ExecutusError

__all__ = ["McpError", "McpUnavailable"]


class McpError(ExecutusError):
    """The server refused a request or answered against the protocol; it is still there.

    Args:
        sentence: What happened.
        status: The HTTP status it refused with; 0 where there was none.
        challenge: The credentials it then asked for, as its `WWW-Authenticate` says; never ours.
    """

    def __init__(self, sentence: str, *, status: int = 0, challenge: str = "") -> None:
        self.status = status
        self.challenge = challenge
        super().__init__(sentence)

    def __reduce__(self) -> tuple[object, ...]:
        made = partial(type(self), status=self.status, challenge=self.challenge)
        return (made, (str(self),))


class McpUnavailable(McpError):
    """The server cannot be reached, or its connection broke before it answered."""
