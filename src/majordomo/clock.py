"""The clock seam: time is asked for, slept and limited through one object (ADR 0113).

Source: docs/adr/0113-inject-the-clock.md. The standard library's and anyio's clocks are banned by
lint everywhere else, so that a test can own time (`executus.testing.FakeClock`).
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Protocol

import anyio

__all__ = ["SYSTEM_CLOCK", "Clock", "SystemClock"]


class Clock(Protocol):
    """Tells, spends and limits time."""

    def monotonic(self) -> float:
        """Seconds on a clock that never steps back; only differences mean something."""
        ...

    def wall(self) -> datetime:
        """The time of day, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` (0 or less: yield once). A cancellation point."""
        ...

    def deadline(self, seconds: float | None) -> AbstractContextManager[anyio.CancelScope, bool]:
        """A scope whose body is cancelled after `seconds`; None never cancels.

        The scope's `cancelled_caught` tells afterwards whether that is what ended the body.
        """
        ...


class SystemClock:
    """Real time."""

    __slots__ = ()

    def monotonic(self) -> float:
        """Seconds of the system's monotonic clock."""
        return time.monotonic()

    def wall(self) -> datetime:
        """The system's time of day in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await anyio.sleep(max(0.0, seconds))

    def deadline(self, seconds: float | None) -> anyio.CancelScope:
        """A cancel scope on the event loop's own timer."""
        if seconds is None:
            return anyio.CancelScope()
        return anyio.CancelScope(deadline=anyio.current_time() + seconds)


SYSTEM_CLOCK: Clock = SystemClock()
