"""What a run tells: one closed, ordered, JSON-serialisable vocabulary.

Audit, terminal display, tracing and web views all read these. An event is built only when somebody
wants its kind, so a run that nobody watches costs nothing (ADR 0105).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol, TypeAlias

__all__ = [
    "EVENT_KINDS",
    "AnswerStarted",
    "BudgetTold",
    "CallbackSink",
    "Compacted",
    "EventSink",
    "InputAnswered",
    "InputAsked",
    "ModelRouted",
    "OnEvent",
    "PhaseStarted",
    "RunEnded",
    "RunEvent",
    "RunStarted",
    "StageEntered",
    "Steered",
    "StepEnded",
    "TextDelta",
    "ThinkingDelta",
    "ToolAnswered",
    "ToolCalled",
    "ToolDenied",
    "Warned",
]


@dataclass(slots=True, kw_only=True)
class RunEvent:
    """Base of all events.

    Attributes:
        run_id: The run it belongs to.
        seq: Position in that run, from 0; gaps mean that a kind nobody wanted was left out.
    """

    kind: ClassVar[str] = ""

    run_id: str
    seq: int

    def as_json(self) -> dict[str, Any]:
        """The event as plain JSON values, its kind included."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(slots=True, kw_only=True)
class RunStarted(RunEvent):
    """The run has its id; nothing has been asked or spent yet.

    Attributes:
        parent: Run id of the dispatching run, or None.
        resumed: Whether it goes on where an earlier process, or a pause, left it.
    """

    kind: ClassVar[str] = "run_started"

    agent: str
    caller: str
    parent: str | None
    resumed: bool = False


@dataclass(slots=True, kw_only=True)
class StageEntered(RunEvent):
    """A stage begins: identify, admit, resolve, open, loop, deliver or close."""

    kind: ClassVar[str] = "stage"

    stage: str


@dataclass(slots=True, kw_only=True)
class BudgetTold(RunEvent):
    """What the budget gate said.

    Attributes:
        action: `reserved`, `refused` or `stopped`; a refusal comes before the first model call.
        reason: Why, in one sentence; empty for `reserved`.
    """

    kind: ClassVar[str] = "budget"

    action: str
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class PhaseStarted(RunEvent):
    """A phase of a run of several begins.

    Attributes:
        index: Its position, from 0.
        name: Its name.
    """

    kind: ClassVar[str] = "phase"

    index: int
    name: str


@dataclass(slots=True, kw_only=True)
class AnswerStarted(RunEvent):
    """A model call begins.

    Attributes:
        step: Position of the step, from 0.
        model: Target asked first, as provider/model.
    """

    kind: ClassVar[str] = "answer_started"

    step: int
    model: str


@dataclass(slots=True, kw_only=True)
class ModelRouted(RunEvent):
    """What a chain does about one target.

    Attributes:
        action: `attempt`, `retry`, `bench`, `skip`, `advance` or `success`.
        model: The target, as provider/model.
        reason: Why, in one line; empty for an attempt and a success.
        wait_s: Seconds until a retry, or until a bench ends; None otherwise, or when unknown.
        to: The next target after `advance`; empty after the last.
    """

    kind: ClassVar[str] = "route"

    action: str
    model: str
    reason: str = ""
    wait_s: float | None = None
    to: str = ""


@dataclass(slots=True, kw_only=True)
class TextDelta(RunEvent):
    """More text of an answer."""

    kind: ClassVar[str] = "text"

    text: str


@dataclass(slots=True, kw_only=True)
class ThinkingDelta(RunEvent):
    """More reasoning text."""

    kind: ClassVar[str] = "thinking"

    text: str


@dataclass(slots=True, kw_only=True)
class ToolCalled(RunEvent):
    """A tool is about to run.

    Attributes:
        arguments: JSON text as the model wrote it.
    """

    kind: ClassVar[str] = "tool_called"

    call_id: str
    tool: str
    arguments: str


@dataclass(slots=True, kw_only=True)
class ToolAnswered(RunEvent):
    """A tool has answered.

    Attributes:
        text: What the model reads.
        images: How many images came with it.
    """

    kind: ClassVar[str] = "tool_answered"

    call_id: str
    tool: str
    text: str
    is_error: bool
    images: int


@dataclass(slots=True, kw_only=True)
class ToolDenied(RunEvent):
    """A tool call was refused; the model is told why.

    Attributes:
        tool: Its name as the model wrote it.
        stage: `visibility`, `grant`, `call` (a policy said no), `approval` (a person did), `limit`
            or `journal` (it could not be recorded beforehand).
        reason: What the model is told.
    """

    kind: ClassVar[str] = "tool_denied"

    call_id: str
    tool: str
    stage: str
    reason: str


@dataclass(slots=True, kw_only=True)
class InputAsked(RunEvent):
    """A person is asked.

    Attributes:
        request_id: Under which the answer is given.
        ask: `approval` or `question`.
        tool: Name of the tool, as registered.
    """

    kind: ClassVar[str] = "input_asked"

    request_id: str
    ask: str
    question: str
    tool: str


@dataclass(slots=True, kw_only=True)
class InputAnswered(RunEvent):
    """A person has answered, or will answer later.

    Attributes:
        outcome: `approved`, `refused`, `answered` or `pending`.
    """

    kind: ClassVar[str] = "input_answered"

    request_id: str
    outcome: str


@dataclass(slots=True, kw_only=True)
class StepEnded(RunEvent):
    """A model call and its tool calls are done. Token figures are None when unknown.

    Attributes:
        step: Position of the step, from 0.
        model: Target that answered, as provider/model.
        cost: What the model call cost, such as `0.0125 USD`; None when unknown.
    """

    kind: ClassVar[str] = "step_ended"

    step: int
    model: str
    finish_reason: str
    tool_calls: int
    input_tokens: int | None
    output_tokens: int | None
    cost: str | None = None


@dataclass(slots=True, kw_only=True)
class Steered(RunEvent):
    """Messages were added from outside."""

    kind: ClassVar[str] = "steered"

    messages: int


@dataclass(slots=True, kw_only=True)
class Compacted(RunEvent):
    """The model is sent less than the transcript from now on; both in messages."""

    kind: ClassVar[str] = "compacted"

    before: int
    after: int


@dataclass(slots=True, kw_only=True)
class Warned(RunEvent):
    """Something went wrong that did not end the run."""

    kind: ClassVar[str] = "warning"

    text: str


@dataclass(slots=True, kw_only=True)
class RunEnded(RunEvent):
    """The last event of a run.

    Attributes:
        status: A `RunStatus` value.
        error: One sentence, or empty.
        elapsed_s: Seconds from start to end.
    """

    kind: ClassVar[str] = "run_ended"

    status: str
    error: str
    steps: int
    tool_calls: int
    input_tokens: int | None
    output_tokens: int | None
    elapsed_s: float


EVENT_KINDS: dict[str, type[RunEvent]] = {
    event.kind: event
    for event in (
        RunStarted,
        StageEntered,
        BudgetTold,
        PhaseStarted,
        AnswerStarted,
        ModelRouted,
        TextDelta,
        ThinkingDelta,
        ToolCalled,
        ToolAnswered,
        ToolDenied,
        InputAsked,
        InputAnswered,
        StepEnded,
        Steered,
        Compacted,
        Warned,
        RunEnded,
    )
}


class EventSink(Protocol):
    """Someone who listens, at once. That it raised is logged, and it is told of the next event."""

    @property
    def wants(self) -> Collection[str]:
        """The event kinds it wants; read once, when a run starts."""
        ...

    def emit(self, event: RunEvent) -> None:
        """Take note of an event."""
        ...


OnEvent: TypeAlias = Callable[[RunEvent], object]


class CallbackSink:
    """A plain function as a sink.

    Args:
        callback: Called with each event.
        wants: Kinds it wants; all by default.
    """

    def __init__(self, callback: OnEvent, wants: Collection[str] = EVENT_KINDS) -> None:
        self._callback = callback
        self.wants = frozenset(wants)

    def emit(self, event: RunEvent) -> None:
        """Pass the event on."""
        self._callback(event)
