"""Which rule decides on a tool: the most specific one, unless the organisation says no."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from executus_gateway.schema import PolicyAction, PolicyDecision, PolicyRule, ToolEffect

__all__ = ["DEFAULTS", "decide", "matches"]

DEFAULTS: Final[dict[ToolEffect, PolicyAction]] = {
    "read": "allow",
    "write": "ask",
    "destructive": "ask",
}
"""What happens where no rule matches, by what the source says of the tool."""

_STRICTNESS: Final[dict[PolicyAction, int]] = {"deny": 2, "ask": 1, "allow": 0}


def matches(pattern: str, path: str) -> bool:
    """Whether a rule's pattern covers a path; `*` stands for any characters.

    >>> matches("github.*.list*", "github.issues.list_comments")
    True
    """
    return fnmatchcase(path, pattern)


def decide(rules: Iterable[PolicyRule], path: str, effect: ToolEffect) -> PolicyDecision:
    """What happens to a call.

    An organisation's `deny` that matches decides. Else the rule whose pattern says most before its
    first `*`, then most in all; of equal ones the strictest, then the one made last.

    Args:
        rules: All rules of the workspace.
        path: The full path.
        effect: What the source says the tool does.
    """
    found = [rule for rule in rules if matches(rule.pattern, path)]
    found.sort(key=_strength, reverse=True)
    if not found:
        action = DEFAULTS[effect]
        because = f"no rule matches, and its source says it is a {effect} tool"
        return PolicyDecision(path=path, action=action, because=because)
    first = found[0]
    because = f"the {first.scope}'s rule {first.pattern!r} says {first.action}"
    if first.reason:
        because = f"{because}: {first.reason}"
    return PolicyDecision(
        path=path,
        action=first.action,
        because=because,
        rule=first.id,
        beaten=tuple(rule.id for rule in found[1:]),
    )


def _strength(rule: PolicyRule) -> tuple[bool, int, int, int, int]:
    return (
        rule.scope == "organisation" and rule.action == "deny",
        len(rule.pattern.partition("*")[0]),
        len(rule.pattern.replace("*", "")),
        _STRICTNESS[rule.action],
        rule.created_ms,
    )
