"""What tokens cost, as the host was told: the port `prices` in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from executus.money import Money
from majordomo.llm import Target, Usage

__all__ = ["FixedPrices", "Price"]

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens.

    Attributes:
        input: Of prompts.
        output: Of answers.
    """

    input: Decimal
    output: Decimal


@dataclass(frozen=True, slots=True)
class FixedPrices:
    """Prices by target, such as `openai/gpt-6-sol`; satisfies `executus.money.PriceSource`."""

    prices: Mapping[str, Price]

    def cost(self, target: Target, usage: Usage) -> Money | None:
        """What a call cost; None when the price or the usage is unknown."""
        price = self.prices.get(str(target))
        if price is None or usage.input is None or usage.output is None:
            return None
        return Money((price.input * usage.input + price.output * usage.output) / MILLION)
