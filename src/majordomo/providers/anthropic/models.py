"""What each model family takes (wire/anthropic §5-§7); unknown Claude ids count as the newest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Family", "family_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What of the wire differs between models.

    Attributes:
        thinking: How thinking is asked for: "adaptive" with `output_config.effort`, "budget" with a
            number of tokens, or not at all.
        off: How it is switched off: the `thinking.type` for that, or None where it cannot be.
        forced_tools: A forced tool choice is accepted while the request asks for no thinking.
        structured: `output_config.format` is known.
    """

    thinking: Literal["adaptive", "budget"] | None = "adaptive"
    off: Literal["disabled", "between_tools"] | None = None
    forced_tools: bool = False
    structured: bool = True


_NEWEST = Family()
_OPTIONAL = Family(off="disabled", forced_tools=True)
_BUDGET = Family(thinking="budget", off="disabled", forced_tools=True)
_OLD = Family(thinking="budget", off="disabled", forced_tools=True, structured=False)
_OLDEST = Family(thinking=None, forced_tools=True, structured=False)

# First match wins. "-20" begins a dated form, "@" a cloud's.
_FAMILIES: tuple[tuple[re.Pattern[str], Family], ...] = (
    # Another vendor's model behind this API: only what such servers commonly know.
    (re.compile(r"^(?!.*(?:claude|opus|sonnet|haiku|fable|mythos))"), _OLD),
    (re.compile(r"claude-3-7\b"), _OLD),
    (re.compile(r"claude-(?:[123]\b|instant)"), _OLDEST),
    (re.compile(r"(?:sonnet|opus)-4(?:-[01])?(?:$|@|-20|-latest)"), _OLD),
    (re.compile(r"(?:haiku|sonnet|opus)-4-5"), _BUDGET),
    (re.compile(r"(?:sonnet|opus)-4-[678]\b"), _OPTIONAL),
    (re.compile(r"(?:sonnet|opus)-5(?:$|@|-20|-latest)"), _OPTIONAL),
    (re.compile(r"sonnet-5-5\b"), Family(off="between_tools")),
)


def family_of(model: str) -> Family:
    """The family of a model id."""
    plain = model.lower().replace(".", "-")  # some front ends write claude-sonnet-4.5
    return next((family for name, family in _FAMILIES if name.search(plain)), _NEWEST)
