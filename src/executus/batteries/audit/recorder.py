"""Makes records of one run's events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from executus.batteries.audit.records import (
    AttemptRecord,
    AuditRecord,
    DenialRecord,
    StepRecord,
    ToolCallRecord,
)
from executus.events import (
    AnswerStarted,
    ModelRouted,
    RunEvent,
    StepEnded,
    ToolAnswered,
    ToolCalled,
    ToolDenied,
)

__all__ = ["RECORDED", "Recorder"]

RECORDED = frozenset(
    event.kind
    for event in (AnswerStarted, ModelRouted, StepEnded, ToolAnswered, ToolCalled, ToolDenied)
)


@dataclass(slots=True, kw_only=True)
class Recorder:
    """What is open of one run.

    Attributes:
        new_id: Makes record ids.
        asked, answered: When the open step's model was asked, and when its first call was made.
        calls: Tool calls that have not been answered.
    """

    run_id: str
    new_id: Callable[[], str]
    asked: datetime | None = None
    answered: datetime | None = None
    calls: dict[str, ToolCallRecord] = field(default_factory=dict[str, ToolCallRecord])

    def records(self, event: RunEvent, now: datetime) -> Iterator[AuditRecord]:
        """What an event comes to."""
        match event:
            case AnswerStarted():
                self.asked, self.answered = now, None
            case ToolCalled():
                self.answered = self.answered or now
                self.calls[event.call_id] = self._call(event, now)
            case ToolAnswered():
                yield self._answer(event, now)
            case StepEnded():
                yield self._step(event, now)
            case ModelRouted():
                yield AttemptRecord(
                    id=self.new_id(),
                    run_id=self.run_id,
                    at=now,
                    action=event.action,
                    model=event.model,
                    reason=event.reason,
                    wait_s=event.wait_s,
                    to=event.to,
                )
            case ToolDenied():
                yield DenialRecord(
                    id=self.new_id(),
                    run_id=self.run_id,
                    at=now,
                    call_id=event.call_id,
                    tool=event.tool,
                    stage=event.stage,
                    reason=event.reason,
                )
            case _:
                return

    def unfinished(self, now: datetime) -> Iterator[AuditRecord]:
        """Calls that the end of the run cut off; told once."""
        for call in self.calls.values():
            yield replace(call, at=now, ended=now)
        self.calls.clear()

    def _call(self, event: ToolCalled, now: datetime) -> ToolCallRecord:
        return ToolCallRecord(
            id=self.new_id(),
            run_id=self.run_id,
            at=now,
            call_id=event.call_id,
            tool=event.tool,
            arguments=event.arguments,
            text="",
            outcome="unfinished",
            images=0,
            started=now,
            ended=now,
        )

    def _answer(self, event: ToolAnswered, now: datetime) -> ToolCallRecord:
        called = ToolCalled(
            run_id=self.run_id,
            seq=event.seq,
            call_id=event.call_id,
            tool=event.tool,
            arguments="",
        )
        call = self.calls.pop(event.call_id, None) or self._call(called, now)
        outcome = "error" if event.is_error else "ok"
        return replace(
            call, at=now, ended=now, text=event.text, outcome=outcome, images=event.images
        )

    def _step(self, event: StepEnded, now: datetime) -> StepRecord:
        return StepRecord(
            id=self.new_id(),
            run_id=self.run_id,
            at=now,
            step=event.step,
            model=event.model,
            finish_reason=event.finish_reason,
            tool_calls=event.tool_calls,
            input_tokens=event.input_tokens,
            output_tokens=event.output_tokens,
            started=self.asked or now,
            answered=self.answered or now,
            ended=now,
            cost=event.cost,
        )
