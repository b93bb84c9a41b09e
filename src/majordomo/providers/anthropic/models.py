"""What each Claude family takes (wire/anthropic §5-§7); unknown ids count as the newest."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Family", "family_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What of the wire differs between models.

    Attributes:
        adaptive: `thinking.type` "adaptive" is known; otherwise "enabled" with a token budget.
        always_thinks: Thinking cannot be switched off.
        between_tools: Least thinking is "between_tools".
        effort: `output_config.effort` is known.
        forced_tools: A forced tool choice is accepted.
        structured: `output_config.format` is known.
    """

    adaptive: bool = True
    always_thinks: bool = True
    between_tools: bool = False
    effort: bool = True
    forced_tools: bool = False
    structured: bool = True


_NEWEST = Family()
_BUDGET = Family(adaptive=False, always_thinks=False, effort=False, forced_tools=True)
_OPTIONAL = Family(always_thinks=False, forced_tools=True)
_OLD = Family(
    adaptive=False, always_thinks=False, effort=False, forced_tools=True, structured=False
)

# First match wins.
_FAMILIES: tuple[tuple[re.Pattern[str], Family], ...] = (
    (re.compile(r"claude-(?:[123]\b|instant)"), _OLD),
    (re.compile(r"(?:haiku|sonnet|opus)-4-(?:0|1|2025)"), _OLD),
    (re.compile(r"(?:haiku|sonnet)-4-5"), _BUDGET),
    (
        re.compile(r"opus-4-5"),
        Family(adaptive=False, always_thinks=False, forced_tools=True),
    ),
    (re.compile(r"(?:sonnet|opus)-4-[678]"), _OPTIONAL),
    (re.compile(r"sonnet-5-5"), Family(between_tools=True)),
    (re.compile(r"sonnet-5(?:$|-20)"), _OPTIONAL),
    (re.compile(r"opus-5(?:$|-20)"), _OPTIONAL),
)


def family_of(model: str) -> Family:
    """The family of a model id."""
    return next((family for name, family in _FAMILIES if name.search(model)), _NEWEST)
