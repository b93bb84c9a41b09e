"""What an audit keeps: one record per run, step, tool call, model attempt and denial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar

__all__ = [
    "RECORD_KINDS",
    "AttemptRecord",
    "AuditRecord",
    "DenialRecord",
    "RunRecord",
    "StepRecord",
    "ToolCallRecord",
    "record_from_json",
]

_TIMES = frozenset({"at", "started", "answered", "ended"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One record; the type itself stands for a kind this release does not know.

    Attributes:
        id: Unique; to write a record again replaces it.
        run_id: The run it belongs to.
        at: When it was made, in UTC.
        extra: Fields that a later release wrote; kept as they are.
    """

    kind: ClassVar[str] = ""

    id: str
    run_id: str
    at: datetime
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self) -> dict[str, Any]:
        """The record as plain JSON values, its kind included."""
        values: dict[str, Any] = dict(self.extra)
        if self.kind:
            values["kind"] = self.kind
        for each in fields(self):
            if each.name != "extra":
                value = getattr(self, each.name)
                values[each.name] = value.isoformat() if isinstance(value, datetime) else value
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(AuditRecord):
    """A run; its id is the run's.

    Attributes:
        parent, root: Run ids of the dispatching run, or None, and of the top of its tree.
        caller: Id of the caller.
        status: A `RunStatus` value, or `running`.
        started, ended: In UTC; `ended` is None while it goes on.
        input, output: Texts, cut to what the audit keeps. Empty when there is none.
        error: One sentence, or empty.
        input_tokens, output_tokens: None when unknown.
        cost: Such as `0.0125 USD`; None when unknown.
        model: Target that answered last, as provider/model; empty while none has.
        metadata: The invocation's.
    """

    kind: ClassVar[str] = "run"

    parent: str | None
    root: str
    agent: str
    caller: str
    status: str
    started: datetime
    ended: datetime | None = None
    input: str = ""
    output: str = ""
    error: str = ""
    steps: int = 0
    tool_calls: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: str | None = None
    model: str = ""
    warnings: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord(AuditRecord):
    """A model call and what came of it.

    Attributes:
        step: Position of the step in its run, from 0.
        model: Target that answered, as provider/model.
        started, answered, ended: When the model was asked, when its answer was there, and when its
            tool calls were done.
        cost: What the model call cost, such as `0.0125 USD`; None when unknown.
    """

    kind: ClassVar[str] = "step"

    step: int
    model: str
    finish_reason: str
    tool_calls: int
    input_tokens: int | None
    output_tokens: int | None
    started: datetime
    answered: datetime
    ended: datetime
    cost: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallRecord(AuditRecord):
    """A tool call.

    Attributes:
        call_id: As the model gave it.
        arguments: JSON text as the model wrote it.
        text: What the model read; empty when the run ended before.
        outcome: `ok`, `error`, or `unfinished` when the run ended before.
    """

    kind: ClassVar[str] = "tool_call"

    call_id: str
    tool: str
    arguments: str
    text: str
    outcome: str
    images: int
    started: datetime
    ended: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord(AuditRecord):
    """What a chain did about one target; the fields are those of `ModelRouted`."""

    kind: ClassVar[str] = "attempt"

    action: str
    model: str
    reason: str
    wait_s: float | None
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialRecord(AuditRecord):
    """A tool call that was refused; the fields are those of `ToolDenied`."""

    kind: ClassVar[str] = "denial"

    call_id: str
    tool: str
    stage: str
    reason: str


RECORD_KINDS: dict[str, type[AuditRecord]] = {
    record.kind: record
    for record in (RunRecord, StepRecord, ToolCallRecord, AttemptRecord, DenialRecord)
}


def record_from_json(values: Mapping[str, Any]) -> AuditRecord:
    """Read what `as_json` wrote, also by a later release.

    Raises:
        KeyError, TypeError, ValueError: It is not a record.
    """
    record = RECORD_KINDS.get(values.get("kind", ""), AuditRecord)
    names = {each.name for each in fields(record)} - {"extra"}
    known = {name: _read(name, values[name]) for name in names if name in values}
    ours = names | ({"kind"} if record.kind else set[str]())
    extra = {name: value for name, value in values.items() if name not in ours}
    return record(**known, extra=extra)


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _TIMES:
        return datetime.fromisoformat(value)
    return tuple(value) if name == "warnings" else value
