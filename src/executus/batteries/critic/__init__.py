"""A critic beside a run: rules first, then one cheap judgement; it extends, steers or stops."""

from executus.batteries.critic.escalation import NO_ESCALATION, Escalation, Escalator
from executus.batteries.critic.metajudge import MetaJudge
from executus.batteries.critic.rules import (
    DEFAULT_RULES,
    CostRate,
    FailingCalls,
    RepeatedCalls,
    Stalled,
)
from executus.batteries.critic.runcritic import CriticPolicy, RunCritic
from executus.batteries.critic.verdict import Action, Finding, Judge, Rule, Verdict
from executus.batteries.critic.view import RunView

__all__ = [
    "DEFAULT_RULES",
    "NO_ESCALATION",
    "Action",
    "CostRate",
    "CriticPolicy",
    "Escalation",
    "Escalator",
    "FailingCalls",
    "Finding",
    "Judge",
    "MetaJudge",
    "RepeatedCalls",
    "Rule",
    "RunCritic",
    "RunView",
    "Stalled",
    "Verdict",
]
