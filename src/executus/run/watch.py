"""What a critic sees of a run, and can do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio

from executus.errors import RunStopped
from executus.run.info import RunInfo
from executus.run.state import RunState
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
    """

    def __init__(self, state: RunState[Any], scope: anyio.CancelScope) -> None:
        self.info: RunInfo = state.info
        self.tally = RunTally(state)
        self.clock: Clock = state.kit.clock
        self.stopped: RunStopped | None = None
        self._state = state
        self._scope = scope

    @property
    def messages(self) -> tuple[Message, ...]:
        """The transcript of the phase that goes on."""
        return tuple(self._state.loop.messages) if self._state.loop else ()

    def steer(self, *messages: str | Message) -> None:
        """Add user messages before the next model call."""
        self._state.inbox.extend(user(m) if isinstance(m, str) else m for m in messages)

    def extend(self, steps: int) -> None:
        """Allow more model calls than the limits do."""
        self._state.extra_steps += steps
        loop = self._state.going
        if loop is not None:
            loop.limits = replace(loop.limits, max_steps=loop.limits.max_steps + steps)

    def stop(self, reason: str) -> None:
        """End the run, whatever it is doing. The reason is told as the run's error."""
        if self.stopped is None:
            self.stopped = RunStopped(f"the critic stopped the run: {reason}")
            self._scope.cancel()
