"""A live, read-only view of a run."""

from __future__ import annotations

from typing import Protocol

from executus.money import Money
from executus.run.info import RunInfo
from majordomo.llm import Usage

__all__ = ["RunTally", "Tallied"]


class Tallied(Protocol):
    """A run in progress, as far as it is counted."""

    @property
    def info(self) -> RunInfo:
        """What it is."""
        ...

    @property
    def steps_taken(self) -> int:
        """Model calls finished."""
        ...

    @property
    def tool_calls(self) -> int:
        """Tool calls begun."""
        ...

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        ...

    @property
    def cost(self) -> Money | None:
        """What they cost; None when unknown."""
        ...

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began, or was resumed."""
        ...


class RunTally:
    """What a run has done so far; handles and critics see it as it goes on."""

    __slots__ = ("_run",)

    def __init__(self, run: Tallied) -> None:
        self._run = run

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run.info.run_id

    @property
    def steps(self) -> int:
        """Model calls finished."""
        return self._run.steps_taken

    @property
    def tool_calls(self) -> int:
        """Tool calls begun."""
        return self._run.tool_calls

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return self._run.usage

    @property
    def cost(self) -> Money | None:
        """What they cost; None when unknown."""
        return self._run.cost

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began, or was resumed."""
        return self._run.elapsed_s
