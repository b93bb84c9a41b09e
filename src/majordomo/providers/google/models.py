"""What each model family takes (wire/google §3, §5, §7); unknown Gemini ids count as the newest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Family", "bare_id", "family_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What of the wire differs between models.

    Attributes:
        thinking: How thinking is asked for: by "level", by "budget" in tokens, or not at all.
        off: The least of it: a level, or a budget (0 is none at all).
        budgets: Least and most tokens of a budget that is not off.
        signed_calls: The first call of each step must carry a thought signature.
        result_images: Function responses may hold images.
        schema_with_tools: Structured output and function tools may stand in one request.
        structured: Output schemas are known at all.
    """

    thinking: Literal["level", "budget"] | None = "level"
    off: Literal["MINIMAL", "LOW"] | int = "LOW"
    budgets: tuple[int, int] = (0, 0)
    signed_calls: bool = True
    result_images: bool = True
    schema_with_tools: bool = True
    structured: bool = True


def _before_3(
    thinking: Literal["budget"] | None = "budget",
    *,
    off: int = 0,
    budgets: tuple[int, int] = (0, 0),
    structured: bool = True,
) -> Family:
    return Family(
        thinking=thinking,
        off=off,
        budgets=budgets,
        signed_calls=False,
        result_images=False,
        schema_with_tools=False,
        structured=structured,
    )


_NEWEST = Family()

# First match wins.
_FAMILIES: tuple[tuple[re.Pattern[str], Family], ...] = (
    # Gemma, tuned and other models: only what every model behind this API knows.
    (re.compile(r"^(?!gemini-)"), _before_3(None, structured=False)),
    (re.compile(r"^gemini-2\.5-pro"), _before_3(off=128, budgets=(128, 32_768))),
    (re.compile(r"^gemini-2\.5-flash-lite"), _before_3(budgets=(512, 24_576))),
    (re.compile(r"^gemini-2\.5"), _before_3(budgets=(1, 24_576))),
    (re.compile(r"^gemini-(?:[12]\b|pro(?:-vision)?$)"), _before_3(None)),
    (re.compile(r"^gemini-3(?:\.[0-6])?-flash"), Family(off="MINIMAL")),
)


def bare_id(model: str) -> str:
    """The id without its collection: `models/gemini-x` and `gemini-x` are one model."""
    return model.removeprefix("models/")


def family_of(model: str) -> Family:
    """The family of a model id."""
    plain = bare_id(model).lower()
    return next((family for name, family in _FAMILIES if name.search(plain)), _NEWEST)
