"""How much to think, in the words of the model's family (wire/anthropic §6)."""

from __future__ import annotations

from typing import Any

from majordomo.llm.request import ReasoningEffort
from majordomo.providers.anthropic.models import Family

__all__ = ["set_thinking"]

# Tokens, for models without adaptive thinking; the wire's least is 1,024.
_BUDGET: dict[ReasoningEffort, int] = {
    "minimal": 1024,
    "low": 1024,
    "medium": 4096,
    "high": 16_384,
    "xhigh": 32_768,
    "max": 32_768,
}


def set_thinking(
    effort: ReasoningEffort | None, family: Family, fields: dict[str, Any], config: dict[str, Any]
) -> None:
    """Write an effort into a request body.

    Args:
        effort: The canonical level; None leaves it to the model.
        family: What the model takes.
        fields: Gets `thinking`; its `max_tokens` is raised above a budget, as the wire demands.
        config: Gets `effort`: `output_config` in the making.
    """
    if effort is None or family.thinking is None:
        return
    if effort == "none":
        _switch_off(family, fields, config)
    elif family.thinking == "adaptive":
        fields["thinking"] = {"type": "adaptive"}
        config["effort"] = "low" if effort == "minimal" else effort
    else:
        budget = _BUDGET[effort]
        fields["thinking"] = {"type": "enabled", "budget_tokens": budget}
        if fields["max_tokens"] <= budget:
            fields["max_tokens"] += budget


def _switch_off(family: Family, fields: dict[str, Any], config: dict[str, Any]) -> None:
    if family.off is not None:
        fields["thinking"] = {"type": family.off}
    if family.off != "disabled":
        # It cannot be off: as little as possible.
        config["effort"] = "low"
