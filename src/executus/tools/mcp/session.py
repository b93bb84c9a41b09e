"""The seam between our toolset and whoever speaks the protocol: JSON values, no SDK types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

__all__ = ["McpSession", "OpenSession"]


class McpSession(Protocol):
    """One open connection. Any task may call it; only its owner enters and leaves it."""

    @property
    def alive(self) -> bool:
        """Whether the other side is known to be there still."""
        ...

    async def list_tools(self) -> Sequence[Mapping[str, Any]]:
        """All pages of the server's tools, as the protocol's JSON (`inputSchema`, …).

        Raises:
            McpError: The server refused, or is gone (`McpUnavailable`).
        """
        ...

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Call a tool by the server's own name; returns the protocol's JSON result.

        Raises:
            McpError: The server refused, or is gone (`McpUnavailable`).
        """
        ...


OpenSession: TypeAlias = Callable[[Callable[[], None]], AbstractAsyncContextManager[McpSession]]
"""Opens a session; its argument is to be called when the server says its tools have changed."""
