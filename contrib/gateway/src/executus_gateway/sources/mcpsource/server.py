"""One MCP server kept connected in a task of its own, callable from any other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio

from executus.tools.mcp import McpError, OpenSession
from executus.tools.mcp.connection import Connection
from executus_gateway.errors import SourceFailed
from majordomo.clock import Clock
from majordomo.tasks import TaskOwner

__all__ = ["KeptServer"]

CONNECT_TIMEOUT_S = 30.0

Listed = Sequence[Mapping[str, Any]]


class KeptServer:
    """A connection that lives until `end`.

    Args:
        name: For messages.
        open_session: How to connect.
        on_change: Awaited with the server's tools whenever they change after the first listing.
        clock: Limits attempts.
    """

    def __init__(
        self,
        name: str,
        open_session: OpenSession,
        on_change: Callable[[Listed], Awaitable[None]],
        *,
        clock: Clock,
    ) -> None:
        self._on_change = on_change
        self._listed: Listed | None = None
        self._up = anyio.Event()
        self._stop = anyio.Event()
        self._gone = anyio.Event()
        self._connection = Connection(
            name, open_session, self._tools, clock=clock, connect_timeout_s=CONNECT_TIMEOUT_S
        )

    def start(self, owner: TaskOwner) -> None:
        """Begin to live in the owner's block."""
        owner.start(self._live)

    async def list_tools(self) -> Listed:
        """The server's tools, connecting first.

        Raises:
            SourceFailed: It cannot be reached.
        """
        await self._up.wait()
        try:
            link = await self._connection.connect()
            if link.session is not None:
                self._listed = await link.session.list_tools()
        except McpError as error:
            raise SourceFailed(str(error)) from error
        return self._listed or ()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Call a tool by the server's name for it.

        Raises:
            McpError: See `executus.tools.mcp`.
        """
        await self._up.wait()
        return await self._connection.call(name, arguments)

    async def end(self) -> None:
        """Disconnect; returns when its process is gone."""
        self._stop.set()
        await self._gone.wait()

    async def _live(self) -> None:
        try:
            async with self._connection:
                self._up.set()
                await self._stop.wait()
        finally:
            self._up.set()
            self._gone.set()

    async def _tools(self, listed: Listed) -> None:
        known, self._listed = self._listed, listed
        if known is not None and list(known) != list(listed):
            await self._on_change(listed)
