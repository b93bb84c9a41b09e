"""What a run comes to: always a result, whatever happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Self, cast

from typing_extensions import TypeVar

from executus.asking import InputRequest
from executus.errors import ExecutusError
from executus.money import Money
from executus.pendingattach import Attachment
from majordomo.agent import Step
from majordomo.llm import Message, Usage

__all__ = ["RunError", "RunResult", "RunStatus"]

Out = TypeVar("Out", default=str)


class RunStatus(StrEnum):
    """How a run ended."""

    RUNNING = "running"
    """It has not: what a `RunHandle` tells of a run that goes on."""
    OK = "ok"
    FAILED = "failed"
    REJECTED = "rejected"
    """It was not begun: a gate said no, or it could not be set up."""
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    MAX_STEPS = "max_steps"
    PAUSED = "paused"
    """It waits for a person's answer; `Executor.resume` goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult(Generic[Out]):
    """A run that has ended.

    Attributes:
        run_id: Its id.
        status: How it ended.
        output: The answer; None unless `status` is ok.
        error: What ended it otherwise, else None.
        messages: The transcript, as far as it came; valid as a later run's `history`. Phases follow
            one another.
        steps: Model calls with their tool results.
        usage: Tokens of all model calls, those before a resumption included; not those of runs that
            its tools dispatched.
        cost: What they cost; None when unknown.
        tool_calls: Tool calls made.
        attachments: What tools attached, those of dispatched runs included. Empty on a dispatched
            run: they go out with the answer at the top.
        pending: What a paused run waits for.
        warnings: What went wrong without ending the run, one sentence each.
        started, ended: Wall-clock times in UTC.
    """

    run_id: str
    status: RunStatus
    output: Out | None
    error: BaseException | None
    messages: tuple[Message, ...]
    steps: tuple[Step, ...]
    usage: Usage
    cost: Money | None = None
    tool_calls: int
    attachments: tuple[Attachment, ...] = ()
    pending: tuple[InputRequest, ...] = ()
    warnings: tuple[str, ...]
    started: datetime
    ended: datetime

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.status is RunStatus.OK

    @property
    def answer(self) -> Out:
        """The answer of a run that has one, typed without None.

        Raises:
            RunError: It has none; the result rides on the error.
        """
        return cast("Out", self.raise_for_error().output)

    @property
    def elapsed_s(self) -> float:
        """Seconds from start to end by the wall clock."""
        return (self.ended - self.started).total_seconds()

    def raise_for_error(self) -> Self:
        """Return the result of a run that answered.

        Raises:
            RunError: It did not; the result rides on the error.
        """
        if not self.ok:
            raise RunError(self) from self.error
        return self


class RunError(ExecutusError):
    """A run ended without an answer.

    Attributes:
        result: Everything it came to.
    """

    def __init__(self, result: RunResult[Any]) -> None:
        self.result = result
        super().__init__(f"run {result.run_id} {result.status}: {result.error}")
