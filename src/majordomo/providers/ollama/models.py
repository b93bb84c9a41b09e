"""What differs between models, as far as their names tell (wire/ollama §2, §7)."""

from __future__ import annotations

from majordomo.llm.request import ReasoningEffort

__all__ = ["family_of", "runs_in_cloud", "think_value"]

_LEVELS: dict[ReasoningEffort, bool | str] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "max",
}
# gpt-oss ignores false, and takes max for high.
_LEVELS_ONLY: dict[ReasoningEffort, bool | str] = {**_LEVELS, "none": "low", "max": "high"}


def family_of(model: str) -> str:
    """The family of a model id: its name without the tag; sizes of one read each other's text."""
    return model.lower().partition(":")[0]


def runs_in_cloud(model: str) -> bool:
    """Whether a local server passes the model's requests on to Ollama Cloud."""
    return model.lower().endswith((":cloud", "-cloud"))


def think_value(effort: ReasoningEffort | None, model: str) -> bool | str | None:
    """The `think` field for an effort; None when it is not to be sent.

    Left out, a model that can think does.
    """
    if effort is None:
        return None
    only_levels = family_of(model).rpartition("/")[2].startswith("gpt-oss")
    return (_LEVELS_ONLY if only_levels else _LEVELS)[effort]
