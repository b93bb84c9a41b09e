"""What a tier means when nothing is configured: models by tier, in order. Data only.

Source of the names: wire/openai §9 and §2 (a model without the effort `none` always thinks),
wire/anthropic, wire/google, wire/ollama and the checks of the original against Ollama's cloud.
Vendors rename models often; `tier.fast=…` in the configuration replaces a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["TIERS", "TierEntry"]


@dataclass(frozen=True, slots=True)
class TierEntry:
    """One model of a tier.

    Attributes:
        provider: Name it is registered under.
        model: Its id there, verbatim.
    """

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


TIERS: Mapping[str, Sequence[TierEntry]] = {
    "fast": (
        TierEntry("openai", "gpt-6-luna"),
        TierEntry("anthropic", "claude-haiku-5-5"),
        TierEntry("google", "gemini-3.5-flash-lite"),
        TierEntry("ollama-cloud", "minimax-m2.7:cloud"),
    ),
    "workhorse": (
        TierEntry("openai", "gpt-6.1-terra"),
        TierEntry("anthropic", "claude-sonnet-5-5"),
        TierEntry("google", "gemini-3.8-flash"),
        TierEntry("ollama-cloud", "minimax-m2.7:cloud"),
        TierEntry("ollama-cloud", "qwen3-coder:480b-cloud"),
    ),
    "thinking": (
        TierEntry("openai", "gpt-6.2-astra"),
        TierEntry("anthropic", "claude-opus-5-5"),
        TierEntry("google", "gemini-3.1-pro-preview"),
        TierEntry("ollama-cloud", "minimax-m3:cloud"),
        TierEntry("ollama-cloud", "kimi-k2.6:cloud"),
    ),
    # Only hosts known to take images from all of their current models.
    "vision": (
        TierEntry("openai", "gpt-6.1-terra"),
        TierEntry("anthropic", "claude-sonnet-5-5"),
        TierEntry("google", "gemini-3.8-flash"),
    ),
}
