"""A live, read-only view of a run."""

from __future__ import annotations

from typing import Any

from executus.money import Money
from executus.run.state import RunState
from majordomo.llm import Usage

__all__ = ["RunTally"]


class RunTally:
    """What a run has done so far; handles and critics see it as it goes on."""

    __slots__ = ("_state",)

    def __init__(self, state: RunState[Any]) -> None:
        self._state = state

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._state.info.run_id

    @property
    def steps(self) -> int:
        """Model calls finished."""
        return self._state.steps_taken

    @property
    def tool_calls(self) -> int:
        """Tool calls begun."""
        return self._state.tool_calls

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return self._state.usage

    @property
    def cost(self) -> Money | None:
        """What they cost; None when unknown."""
        return self._state.cost

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began, or was resumed."""
        return self._state.kit.clock.monotonic() - self._state.started_monotonic
