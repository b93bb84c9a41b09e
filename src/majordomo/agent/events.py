"""What an agent run tells its observers: the model's stream events, and these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from majordomo.agent.result import Step
from majordomo.llm import Message, StreamEvent, ToolCallPart, ToolResultPart

__all__ = [
    "AgentEvent",
    "Compacted",
    "Steered",
    "StepFinished",
    "StepStarted",
    "ToolFinished",
    "ToolStarted",
]


@dataclass(slots=True)
class StepStarted:
    """A model call is about to be made.

    Attributes:
        index: Position of the step in the run, from 0.
    """

    index: int


@dataclass(slots=True)
class StepFinished:
    """A model call and its tool calls are done."""

    step: Step


@dataclass(slots=True)
class ToolStarted:
    """A tool is about to run."""

    call: ToolCallPart


@dataclass(slots=True)
class ToolFinished:
    """A tool has answered."""

    call: ToolCallPart
    result: ToolResultPart


@dataclass(slots=True)
class Steered:
    """Messages were injected between two steps."""

    messages: tuple[Message, ...]


@dataclass(slots=True)
class Compacted:
    """The model was sent less than the transcript.

    Attributes:
        before: Messages in the transcript.
        after: Messages sent.
    """

    before: int
    after: int


AgentEvent: TypeAlias = (
    StreamEvent | StepStarted | StepFinished | ToolStarted | ToolFinished | Steered | Compacted
)
