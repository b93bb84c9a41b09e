"""A clock that a test owns: time moves only when the test, or a sleep, moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import TracebackType

import anyio
import anyio.lowlevel

__all__ = ["FakeClock"]

_START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """A `majordomo.clock.Clock` without real time. Not thread-safe.

    Args:
        start: The time of day it begins at; `monotonic` begins at 0.
        auto_advance: Whether a sleep moves the time itself and ends at once. Otherwise it ends when
            `advance` has moved the time far enough.

    Attributes:
        sleeps: Seconds of every sleep asked for, in order.
    """

    def __init__(self, start: datetime = _START, *, auto_advance: bool = True) -> None:
        self.sleeps: list[float] = []
        self._start = start
        self._auto_advance = auto_advance
        self._now = 0.0
        self._sleepers: dict[anyio.Event, float] = {}
        self._deadlines: dict[anyio.CancelScope, float] = {}

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._now

    def wall(self) -> datetime:
        """The start plus the seconds gone by."""
        return self._start + timedelta(seconds=self._now)

    async def sleep(self, seconds: float) -> None:
        """Move the time by `seconds` and yield once, or wait for `advance` to get there."""
        self.sleeps.append(seconds)
        if seconds > 0 and not self._auto_advance:
            await self._wait_until(self._now + seconds)
            return
        self.advance(max(0.0, seconds))
        await anyio.lowlevel.checkpoint()

    async def _wait_until(self, due: float) -> None:
        event = anyio.Event()
        self._sleepers[event] = due
        try:
            await event.wait()
        finally:
            del self._sleepers[event]

    def advance(self, seconds: float) -> None:
        """Move the time, wake the sleepers that are due and cancel the deadlines that are over.

        Raises:
            ValueError: `seconds` is negative: no clock steps back.
        """
        if seconds < 0:
            raise ValueError(f"a clock cannot go back by {-seconds} s")
        self._now += seconds
        for event, due in self._sleepers.items():
            if due <= self._now:
                event.set()
        for scope, end in self._deadlines.items():
            if end <= self._now:
                scope.cancel()

    def deadline(self, seconds: float | None) -> _Deadline:
        """A scope cancelled when the time reaches `seconds` from its entry; None never cancels.

        0 or less cancels at the first checkpoint of the body.
        """
        return _Deadline(self, seconds)

    def _open(self, scope: anyio.CancelScope, seconds: float) -> None:
        self._deadlines[scope] = self._now + seconds
        if seconds <= 0:
            scope.cancel()

    def _close(self, scope: anyio.CancelScope) -> None:
        self._deadlines.pop(scope, None)


class _Deadline:
    """Registers its scope with the clock while it is open."""

    def __init__(self, clock: FakeClock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._scope = anyio.CancelScope()

    def __enter__(self) -> anyio.CancelScope:
        self._scope.__enter__()
        if self._seconds is not None:
            self._clock._open(self._scope, self._seconds)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - its clock
        return self._scope

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._clock._close(self._scope)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - its clock
        return self._scope.__exit__(exc_type, exc, traceback)
