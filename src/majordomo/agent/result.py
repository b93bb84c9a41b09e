"""What a run gives back: the output, and everything that led to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from typing_extensions import TypeVar

from majordomo.llm import FinishReason, Message, Response, Target, ToolResultPart, Usage

__all__ = ["AgentResult", "Step"]

Out = TypeVar("Out", default=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One model call and the tool calls it asked for.

    Attributes:
        index: Position in the run, from 0.
        response: The model's answer.
        results: Results of its calls, in call order.
    """

    index: int
    response: Response
    results: tuple[ToolResultPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentResult(Generic[Out]):
    """A finished run.

    Attributes:
        output: The answer; on a partial result, None.
        messages: The whole transcript, history included; pass it as `history=` to go on.
        new_from: Index in `messages` where this run began.
        steps: What happened, in order.
        usage: Tokens of all model calls of this run.
        finish_reason: Why the last answer ended; None when there was none.
        target: The target that gave the last answer; None when there was none.
    """

    output: Out
    messages: tuple[Message, ...]
    new_from: int
    steps: tuple[Step, ...]
    usage: Usage
    finish_reason: FinishReason | None
    target: Target | None

    @property
    def new_messages(self) -> tuple[Message, ...]:
        """The messages this run added, its prompt first."""
        return self.messages[self.new_from :]
