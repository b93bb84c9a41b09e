"""What a critic finds of a run, and what is to be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from executus.batteries.critic.view import RunView

__all__ = ["Action", "Finding", "Judge", "Rule", "Verdict"]


class Action(StrEnum):
    """What a critic can do."""

    EXTEND = "extend"
    """Let it go on, perhaps with more steps."""
    STEER = "steer"
    """Say something to it before its next model call."""
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be done with a run.

    Attributes:
        action: Which of the three.
        reason: One sentence for people; the run's error when it is stopped.
        steps: Further model calls to allow, with `EXTEND`.
        message: What the model is told, with `STEER`; the reason when empty.
        escalate: Also tell the escalator.
    """

    action: Action
    reason: str
    steps: int = 0
    message: str = ""
    escalate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a rule found.

    Attributes:
        rule: Its name. While a rule finds the same action time after time, that is done once.
        reason: One sentence for people.
        verdict: What to do about it; None to ask the judge, and to tell the escalator.
    """

    rule: str
    reason: str
    verdict: Verdict | None = None


class Rule(Protocol):
    """Looks at a run at no cost; must answer at once."""

    def __call__(self, view: RunView) -> Finding | None:
        """What it found, or None. An exception counts as None."""
        ...


class Judge(Protocol):
    """Thinks about a run, as a cheap model does."""

    async def __call__(self, view: RunView) -> Verdict | None:
        """What to do; None when it cannot say. An exception counts as None."""
        ...
