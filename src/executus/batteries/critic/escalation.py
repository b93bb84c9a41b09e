"""Telling a person that a run needs one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from executus.batteries.critic.verdict import Action
from executus.batteries.critic.view import RunView

__all__ = ["NO_ESCALATION", "Escalation", "Escalator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What a person is told.

    Attributes:
        view: The run at that moment.
        reason: One sentence.
        action: What the critic does about it now; None when nothing.
    """

    view: RunView
    reason: str
    action: Action | None = None


class Escalator(Protocol):
    """Tells a person or an administrator."""

    async def escalate(self, escalation: Escalation) -> None:
        """Tell them. Limited by the run's `port_timeout_s`; an exception is logged."""
        ...


class _NoEscalation:
    async def escalate(self, escalation: Escalation) -> None:
        del escalation


NO_ESCALATION: Escalator = _NoEscalation()
