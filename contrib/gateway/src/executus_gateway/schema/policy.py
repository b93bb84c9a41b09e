"""Rules for calls: which tools may be called, which need a person's word, which do not exist."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from executus_gateway.schema.ids import WorkspaceId
from executus_gateway.schema.record import Record, Value

__all__ = ["PolicyAction", "PolicyDecision", "PolicyRule", "PolicyScope"]

PolicyAction: TypeAlias = Literal["allow", "ask", "deny"]
PolicyScope: TypeAlias = Literal["organisation", "workspace"]

Pattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.*]+$", max_length=200)]


class PolicyRule(Record):
    """What happens to calls of the tools whose path matches.

    Attributes:
        workspace: Where it holds.
        pattern: A full tool path in which `*` stands for any characters, dots included.
        action: What happens.
        scope: An organisation's `deny` cannot be weakened by a workspace's rule.
        reason: Shown to whoever is refused.
    """

    collection: Literal["policy"] = "policy"
    workspace: WorkspaceId
    pattern: Pattern
    action: PolicyAction
    scope: PolicyScope = "workspace"
    reason: str = ""


class PolicyDecision(Value):
    """What happens to a call of one tool, and why.

    Attributes:
        path: The full path.
        action: What happens.
        because: One sentence.
        rule: Id of the rule that decided; empty for the default of the tool's effect.
        beaten: Ids of the rules that match too, strongest first.
    """

    path: str
    action: PolicyAction
    because: str
    rule: str = ""
    beaten: tuple[str, ...] = ()
