"""The process around a command: signals come in, an exit code goes out."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from types import FrameType, TracebackType
from typing import Any, Self, TextIO, cast

import anyio

from executus.cli.output import OutputLost
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.tasks import call_soon, current_loop

__all__ = [
    "DONE",
    "ENDING",
    "FAILED",
    "MISUSED",
    "UNREAD",
    "Signals",
    "run_async",
    "run_interruptible",
]

ENDING = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""As in `executus_command`, which nothing here may import; a test holds them equal."""

DONE = 0
FAILED = 1
MISUSED = 2
UNREAD = 128 + 13
"""The reader of standard output went away: what a shell says of a program ended by SIGPIPE."""

AGAIN_AFTER_S = 0.5
"""A signal that comes sooner after the first is the same: runners pass on what a terminal sent."""

_SHOW_CURSOR = "\x1b[?25h\n"


class Signals:
    """The first signal cancels the command, a second one ends the process at once.

    Args:
        clock: Tells a second signal from an echo of the first.

    Attributes:
        number: The signal that came; None before.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.number: int | None = None
        self._clock = clock
        self._came = 0.0
        self._cancel: Callable[[], object] | None = None
        self._instead: Callable[[], object] | None = None
        self._before: dict[int, Any] = {}

    @property
    def exit_code(self) -> int:
        """128 plus the signal's number."""
        return FAILED if self.number is None else 128 + self.number

    def __enter__(self) -> Self:
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def cancel_by(self, cancel: Callable[[], object]) -> None:
        """Say what the first signal does; it is done now if that came already."""
        self._cancel = cancel
        if self.number is not None:
            cancel()

    @contextmanager
    def interrupting(self, cancel: Callable[[], object]) -> Generator[None]:
        """Within the block an interrupt does this instead, and is forgotten when the block ends.

        The other signals do what `cancel_by` says.
        """
        self._instead = cancel
        try:
            yield
        finally:
            self._instead = None
            if self.number == signal.SIGINT:
                self.number = None

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        now = self._clock.monotonic()
        if self.number is None:
            self.number, self._came = number, now
            cancel = self._instead if number == signal.SIGINT and self._instead else self._cancel
            if cancel is not None:
                cancel()
        elif now - self._came >= AGAIN_AFTER_S:
            _leave(128 + number)


def _leave(code: int) -> None:
    stderr = cast("TextIO | None", sys.__stderr__)
    if stderr is not None and os.isatty(2):
        os.write(2, _SHOW_CURSOR.encode())
    os._exit(code)


def run_async(work: Callable[[], Awaitable[int]]) -> int:
    """Run a command; a signal cancels it and waits for what it closes.

    Returns:
        Its exit code, or that of the signal.

    Raises:
        OutputLost: Standard output cannot be written to.
    """
    return run_interruptible(lambda _: work())


def run_interruptible(work: Callable[[Signals], Awaitable[int]]) -> int:
    """`run_async` for work that wants to say itself what an interrupt does."""
    with Signals() as signals:
        try:
            return anyio.run(_cancellable, partial(work, signals), signals)
        except OutputLost:
            if signals.number is None:
                raise
            return signals.exit_code


async def _cancellable(work: Callable[[], Awaitable[int]], signals: Signals) -> int:
    with anyio.CancelScope() as scope:
        signals.cancel_by(partial(call_soon, current_loop(), scope.cancel))
        return await work()
    return signals.exit_code
