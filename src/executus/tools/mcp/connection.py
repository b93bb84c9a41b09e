"""One connection kept up: opened and closed in a task of its own, opened anew when it broke."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast

import anyio

from executus.tools.mcp.errors import McpError, McpUnavailable
from executus.tools.mcp.session import McpSession, OpenSession
from majordomo.clock import Clock
from majordomo.tasks import TaskCancelled, TaskHandle, TaskOwner

__all__ = ["Connection"]

logger = logging.getLogger("executus.tools.mcp")

CLOSE_S = 5.0
REFRESH_PAUSE_S = 1.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0

Listed = Sequence[Mapping[str, Any]]


class _Link:
    """One attempt to be connected, from its beginning to its end."""

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self.settled = anyio.Event()
        self.session: McpSession | None = None
        self.error = ""
        self.changed = False
        self.over = anyio.Event()
        self._wake = anyio.Event()
        self.task: TaskHandle[None] | None = None

    @property
    def usable(self) -> bool:
        if self.ended:
            return False
        return self.session is None or self.session.alive

    @property
    def ended(self) -> bool:
        return self.over.is_set()

    def end(self) -> None:
        self.over.set()
        self._wake.set()

    def note_change(self) -> None:
        self.changed = True
        self._wake.set()

    async def sleep(self) -> None:
        await self._wake.wait()
        self._wake = anyio.Event()


class Connection:
    """A block in which a server may be called from any task.

    The context managers of a session are entered and left in one task, as their cancel scopes
    demand; leaving the block ends that task and waits until the server's process is gone.

    Args:
        name: For messages.
        open_session: Opens a session.
        on_tools: Awaited with the server's tools, after each connection and each change.
        clock: Limits connecting and spaces attempts.
        connect_timeout_s: Seconds until a session must be open and its tools listed.
        scrub: Takes secrets out of a sentence.
    """

    def __init__(
        self,
        name: str,
        open_session: OpenSession,
        on_tools: Callable[[Listed], Awaitable[None]],
        *,
        clock: Clock,
        connect_timeout_s: float,
        scrub: Callable[[str], str] = str,
    ) -> None:
        self._name = name
        self._open = open_session
        self._on_tools = on_tools
        self._clock = clock
        self._timeout_s = connect_timeout_s
        self._scrub = scrub
        self._owner: TaskOwner | None = None
        self._lock = anyio.Lock()
        self._link: _Link | None = None
        self._failures = 0
        self._not_before = 0.0

    async def __aenter__(self) -> Self:
        self._owner = await TaskOwner().__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        owner, self._owner = self._owner, None
        if owner is None:
            return
        try:
            await self._end()
        finally:
            await owner.__aexit__(exc_type, exc, traceback)

    async def _end(self) -> None:
        """Leave the session by itself, so that the server is told; a cancellation would not."""
        link = self._link
        if link is None or link.task is None or link.session is None:
            return
        link.end()
        with self._clock.deadline(CLOSE_S), suppress(TaskCancelled):
            await link.task.wait()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Call a tool, connecting first where that is needed. A call is never sent twice.

        Raises:
            McpUnavailable: There is no connection, or it broke before the answer.
            McpError: The server refused the call.
        """
        link = await self.connect()
        try:
            return await cast("McpSession", link.session).call(name, arguments)
        except McpUnavailable:
            link.end()
            raise

    async def connect(self) -> _Link:
        """The open connection, made when there is none.

        Raises:
            McpUnavailable: It cannot be had now; says why.
        """
        async with self._lock:
            link = self._link
            if link is None or not link.usable:
                if link is not None:
                    link.end()
                link = self._start()
            # From the beginning of the attempt: who waits may give up sooner than it does.
            left_s = link.begun + self._timeout_s - self._clock.monotonic()
            with self._clock.deadline(max(0.0, left_s)):
                await link.settled.wait()
            return self._checked(link)

    def _start(self) -> _Link:
        if self._owner is None:
            raise McpUnavailable(f"the MCP server {self._name!r} is closed; the host ended its use")
        wait_s = self._not_before - self._clock.monotonic()
        if wait_s > 0:
            raise McpUnavailable(
                f"the MCP server {self._name!r} is not available; "
                f"it is tried again in {wait_s:.0f} s, do without it until then"
            )
        link = self._link = _Link(self._clock.monotonic())
        link.task = self._owner.start(lambda: self._live(link))
        return link

    def _checked(self, link: _Link) -> _Link:
        if link.session is not None and not link.error:
            self._failures = 0
            return link
        link.end()
        if link.task is not None:
            link.task.cancel()
        pause_s = min(FIRST_PAUSE_S * 2**self._failures, LONGEST_PAUSE_S)
        self._failures = min(self._failures + 1, 16)
        self._not_before = self._clock.monotonic() + pause_s
        self._link = None
        cause = link.error or f"it was not ready within {self._timeout_s:g} s"
        raise McpUnavailable(f"the MCP server {self._name!r} is not available: {cause}")

    async def _live(self, link: _Link) -> None:
        try:
            async with self._open(link.note_change) as session:
                await self._on_tools(await session.list_tools())
                link.session = session
                link.settled.set()
                await self._follow(link, session)
        except Exception as error:  # noqa: BLE001 - told to who calls; a run must not crash
            link.error = self._scrub(told(error))  # not chained: a request holds its headers
            if link.session is not None:  # before, who waits for it is told
                logger.warning("the MCP server %r: %s", self._name, link.error)
        finally:
            link.end()
            link.settled.set()

    async def _follow(self, link: _Link, session: McpSession) -> None:
        while not link.ended:
            if link.changed:
                link.changed = False
                await self._refresh(session)
                with self._clock.deadline(REFRESH_PAUSE_S):  # however often it says so
                    await link.over.wait()
            else:
                await link.sleep()

    async def _refresh(self, session: McpSession) -> None:
        with self._clock.deadline(self._timeout_s) as scope:
            try:
                await self._on_tools(await session.list_tools())
            except McpError as error:
                cause = self._scrub(str(error))
                logger.warning("the tools of %r were not refreshed: %s", self._name, cause)
        if scope.cancelled_caught:
            logger.warning("the tools of %r were not refreshed in time", self._name)


def told(error: BaseException) -> str:
    """The sentence of an error; of a group, of the first inside; of a mute one, of its cause."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    speaking: BaseException | None = error
    while speaking is not None and not str(speaking):
        speaking = speaking.__cause__ or speaking.__context__
    return f"{type(error).__name__}: {speaking or 'no reason given'}"[:500]
