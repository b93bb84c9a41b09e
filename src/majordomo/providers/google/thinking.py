"""How much to think, in the words of the model's family (wire/google §5)."""

from __future__ import annotations

from typing import Any

from majordomo.llm.request import ReasoningEffort
from majordomo.providers.google.models import Family

__all__ = ["thinking_config"]

# No family is documented to take XHIGH; `Settings.extra` can still ask for it.
_LEVEL: dict[ReasoningEffort, str] = {
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
# Tokens; kept within what the family takes.
_BUDGET: dict[ReasoningEffort, int] = {
    "minimal": 512,
    "low": 1024,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 32_768,
    "max": 32_768,
}


def thinking_config(effort: ReasoningEffort | None, family: Family) -> dict[str, Any] | None:
    """The `thinkingConfig` for an effort; None where the model decides, or has no thinking.

    Levels outside of what the family takes become the nearest it does. Thoughts are asked for in
    words as soon as there are to be any.
    """
    if effort is None or family.thinking is None:
        return None
    shown = {} if effort == "none" else {"includeThoughts": True}
    if family.thinking == "level":
        return {**shown, "thinkingLevel": _LEVEL.get(effort, family.off)}
    if effort == "none":
        return {"thinkingBudget": family.off}
    least, most = family.budgets
    return {**shown, "thinkingBudget": max(least, min(_BUDGET[effort], most))}
