"""What a critic sees of a run, and can do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from executus.run.info import RunInfo
from executus.run.tally import RunTally
from majordomo.clock import Clock
from majordomo.llm import Message, user

__all__ = ["RunWatch"]


class RunWatch:
    """A run in its loop stage, as a critic has it.

    Attributes:
        info: The run.
        tally: What it has done so far.
        clock: The executor's.
        extend: Allows so many more model calls than the limits do.
        stopped: Why the critic has stopped the run; empty as long as it has not.
    """

    def __init__(
        self,
        *,
        info: RunInfo,
        tally: RunTally,
        clock: Clock,
        transcript: Callable[[], Sequence[Message]],
        inbox: list[Message],
        extend: Callable[[int], object],
        stop: Callable[[str], object],
    ) -> None:
        self.info = info
        self.tally = tally
        self.clock = clock
        self.stopped = ""
        self._stop = stop
        self.extend = extend
        self._transcript = transcript
        self._inbox = inbox

    @property
    def messages(self) -> tuple[Message, ...]:
        """The transcript of the phase that goes on."""
        return tuple(self._transcript())

    def stop(self, reason: str) -> None:
        """End the run, whatever it is doing. The reason is told as the run's error."""
        if not self.stopped:
            self.stopped = reason
            self._stop(reason)

    def steer(self, *messages: str | Message) -> None:
        """Add user messages before the next model call."""
        self._inbox.extend(user(m) if isinstance(m, str) else m for m in messages)
