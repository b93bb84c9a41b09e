"""How a chain ends without an answer: every target accounted for, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from majordomo.errors import APIError, ErrorKind, MajordomoError
from majordomo.llm.response import Target

__all__ = ["ChainDeadline", "ChainExhausted", "TargetOutcome", "skipped_while_benched"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOutcome:
    """What came of one target in one request.

    Attributes:
        target: Which.
        attempts: How often it was asked; 0 when it was skipped.
        error: Its last failure; None when it was skipped, or had not answered yet.
        skipped: Why it was not asked (any more); empty when it was given up for `error`.
        benched_until: When its bench ends, in UTC, when that is why.
        benched_s: Seconds until then.
    """

    target: Target
    attempts: int = 0
    error: Exception | None = None
    skipped: str = ""
    benched_until: datetime | None = None
    benched_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.target}: {self._what()}{_count(self.attempts)}"

    def _what(self) -> str:
        if self.error is not None:
            return _one_line(self.error, self.target)
        return self.skipped or "no answer yet"


class ChainExhausted(MajordomoError):
    """No target of a chain answered. `__cause__` is the last failure, when there was any.

    Args:
        attempts: Every target's outcome, in the chain's order.

    Attributes:
        attempts: The same, as a tuple.
    """

    def __init__(self, attempts: Sequence[TargetOutcome]) -> None:
        self.attempts = tuple(attempts)
        asked = sum(outcome.attempts > 0 for outcome in self.attempts)
        lines = "".join(f"\n  {outcome}" for outcome in self.attempts)
        super().__init__(
            f"no target answered ({asked} asked, {len(self.attempts) - asked} skipped):{lines}"
        )


class ChainDeadline(APIError):
    """The chain's own deadline ended a request; charged to nobody's health.

    Args:
        deadline_s: How many seconds it was.
        target: Who was being asked.
        attempts: What came of every target so far, in the chain's order.

    Attributes:
        deadline_s: How many seconds it was.
        attempts: As above, as a tuple.
    """

    def __init__(
        self, deadline_s: float, *, target: Target, attempts: Sequence[TargetOutcome]
    ) -> None:
        self.deadline_s = deadline_s
        self.attempts = tuple(attempts)
        tried = "; ".join(map(str, self.attempts))
        super().__init__(
            f"no complete answer within the chain's deadline of {deadline_s:g} s; tried {tried}",
            provider=target.provider,
            model=target.model,
            kind=ErrorKind.LOCAL,
            code="deadline",
        )


def skipped_while_benched(until: datetime | None, left_s: float) -> str:
    """The words for a target that was not asked because it is benched."""
    if until is None:
        return "skipped, benched; another caller is probing it"
    time = until.isoformat(timespec="seconds")[11:19]  # made for every skip; strftime is slower
    return f"skipped, benched until {time} UTC ({left_s:.0f} s)"


def _one_line(error: Exception, target: Target) -> str:
    text = " ".join(str(error).split())
    if not isinstance(error, MajordomoError):
        text = f"{type(error).__name__}: {text}"
    # An APIError names its target first, and so does the line it becomes part of.
    return text.removeprefix(f"{target}: ")


def _count(attempts: int) -> str:
    return f" (after {attempts} attempts)" if attempts > 1 else ""
