"""What a critic looks at: a run at one moment, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from executus.money import Money
from executus.run import RunInfo
from majordomo.llm import Message, Usage

__all__ = ["RunView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run at one moment.

    Attributes:
        info: The run.
        messages: The transcript of the phase that goes on.
        steps: Model calls finished.
        tool_calls: Tool calls begun.
        usage: Tokens so far.
        cost: What they cost; None when unknown.
        elapsed_s: Seconds since the run began.
        idle_s: Seconds since anything in it changed.
        tokens_per_minute: Over the last minute, or as long as it is watched; None when unknown.
        cost_per_minute: The same of its cost, in the currency of `cost`.
    """

    info: RunInfo
    messages: tuple[Message, ...]
    steps: int
    tool_calls: int
    usage: Usage
    cost: Money | None
    elapsed_s: float
    idle_s: float = 0.0
    tokens_per_minute: float | None = None
    cost_per_minute: Decimal | None = None
