"""Signs of a run in trouble that can be read off it without a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from executus.batteries.critic.verdict import Action, Finding, Rule, Verdict
from executus.batteries.critic.view import RunView
from majordomo.llm import Message, ToolResultPart

__all__ = ["DEFAULT_RULES", "CostRate", "FailingCalls", "RepeatedCalls", "Stalled"]

_MAX_PERIOD = 4

_Answered: TypeAlias = tuple[str, str, ToolResultPart]
"""Name and arguments of a call, and what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedCalls:
    """The same calls with the same results, again and again; up to four of them in turn.

    Attributes:
        steer_at: Rounds after which the model is told, at least 2.
        stop_at: Rounds after which the run is stopped.
    """

    steer_at: int = 3
    stop_at: int = 5

    def __call__(self, view: RunView) -> Finding | None:
        """What was found, or None."""
        seen = [(name, args, _outcome(result)) for name, args, result in _answered(view.messages)]
        rounds = max((_rounds(seen, period) for period in range(1, _MAX_PERIOD + 1)), default=0)
        if rounds < self.steer_at:
            return None
        name = seen[-1][0]
        reason = f"it repeats itself: {name} gave the same result {rounds} times in the same way"
        stop = rounds >= self.stop_at
        message = (
            f"You have called {name} with the same arguments {rounds} times, and the result was the"
            " same each time. Do not repeat it: try another way, or answer with what you have."
        )
        action = Action.STOP if stop else Action.STEER
        verdict = Verdict(action=action, reason=reason, message=message, escalate=stop)
        return Finding(rule="repeated_calls", reason=reason, verdict=verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingCalls:
    """Nothing but errors from tools.

    Attributes:
        steer_at: Errors in a row after which the model is told.
    """

    steer_at: int = 3

    def __call__(self, view: RunView) -> Finding | None:
        """What was found, or None."""
        last = _answered(view.messages)[-self.steer_at :]
        if len(last) < self.steer_at or not all(result.is_error for _, _, result in last):
            return None
        reason = f"its last {self.steer_at} tool calls failed"
        message = (
            f"Your last {self.steer_at} tool calls all failed. Read the errors, change what you do,"
            " or answer with what you have and say what is missing."
        )
        verdict = Verdict(action=Action.STEER, reason=reason, message=message)
        return Finding(rule="failing_calls", reason=reason, verdict=verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalled:
    """Nothing has changed for a while: a model or a tool hangs.

    Attributes:
        after_s: Seconds without any change.
    """

    after_s: float = 120.0

    def __call__(self, view: RunView) -> Finding | None:
        """What was found, or None."""
        if view.idle_s < self.after_s:
            return None
        return Finding(rule="stalled", reason=f"nothing has changed for {self.after_s:g} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRate:
    """It spends faster than it should.

    Attributes:
        tokens_per_minute: Most tokens a minute; None for no bound.
        cost_per_minute: Most money a minute, in the currency of the run's prices; None for no bound
            and for runs of unknown cost.
    """

    tokens_per_minute: float | None = None
    cost_per_minute: Decimal | None = None

    def __call__(self, view: RunView) -> Finding | None:
        """What was found, or None."""
        tokens, cost = view.tokens_per_minute, view.cost_per_minute
        if self.cost_per_minute is not None and cost is not None and cost > self.cost_per_minute:
            currency = view.cost.currency if view.cost else ""
            reason = f"it spends more than {self.cost_per_minute} {currency} a minute"
        elif self.tokens_per_minute is not None and (tokens or 0) > self.tokens_per_minute:
            reason = f"it spends more than {self.tokens_per_minute:g} tokens a minute"
        else:
            return None
        return Finding(rule="cost_rate", reason=reason)


DEFAULT_RULES: tuple[Rule, ...] = (RepeatedCalls(), FailingCalls(), Stalled())


def _answered(messages: Sequence[Message]) -> list[_Answered]:
    """The calls that have a result, in the order of their results."""
    calls = {call.id: call for message in messages for call in message.tool_calls}
    return [
        (call.name, _canonical(call.arguments), result)
        for message in messages
        for result in message.tool_results
        if (call := calls.get(result.call_id)) is not None
    ]


def _canonical(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments or "{}"), sort_keys=True)
    except ValueError:
        return arguments


def _outcome(result: ToolResultPart) -> tuple[object, ...]:
    return (result.text, result.images, result.is_error)


def _rounds(seen: Sequence[object], period: int) -> int:
    """How many times the last `period` items stand one behind the other at the end."""
    last, rounds = list(seen[-period:]), 0
    for end in range(len(seen), period - 1, -period):
        if list(seen[end - period : end]) != last:
            break
        rounds += 1
    return rounds
