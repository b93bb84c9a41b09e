"""A host's own prices, by target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase

from executus.errors import SetupError
from executus.money import Money
from majordomo.llm import Target, Usage

__all__ = ["Price", "PriceTable"]

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a million tokens cost.

    Attributes:
        input: Prompt tokens.
        output: Generated tokens, reasoning included.
        cache_read: Prompt tokens read from a cache; None: as `input`.
        cache_write: Prompt tokens written to a cache; None: as `input`.
        above: Prices of a whole call with more prompt tokens than the key; the highest key that is
            passed counts.
        currency: Of all the amounts.

    Raises:
        SetupError: An amount is a float, negative, or no finite number.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    above: Mapping[int, Price] = field(default_factory=dict[int, "Price"])
    currency: str = "USD"

    def __post_init__(self) -> None:
        for name in ("input", "output", "cache_read", "cache_write"):
            amount = getattr(self, name)
            if amount is not None and Money(amount).amount < 0:
                raise SetupError(f"the price of {name} must not be negative: {amount}")
        if any(one.currency != self.currency for one in self.above.values()):
            raise SetupError("the prices of one model must be of one currency")

    def cost(self, usage: Usage) -> Money | None:
        """What a usage cost; None when its tokens are unknown or contradict each other.

        Also None when it covers several calls and it is open which of them were long.
        """
        counts = _counts(usage)
        if counts is None:
            return None
        plain, read, written, out = counts
        passed = [limit for limit in self.above if (usage.input or 0) > limit]
        if passed and usage.requests > 1:
            return None
        if passed:
            return self.above[max(passed)].cost(usage)
        amount = (
            plain * Decimal(self.input)
            + read * Decimal(_or(self.cache_read, self.input))
            + written * Decimal(_or(self.cache_write, self.input))
            + out * Decimal(self.output)
        )
        return Money(amount / _MILLION, self.currency)


class PriceTable:
    """A `PriceSource` of the host's own prices.

    Args:
        prices: By target, `provider/model`, or a glob such as `local/*`; an exact name counts
            first, then the first glob that fits. None means that the price is unknown.

    Example:
        >>> table = PriceTable({"local/*": Price(input=Decimal(0), output=Decimal(0))})
        >>> table.cost(Target("local", "llama"), Usage(input=10, output=2))
        Money(amount=Decimal('0'), currency='USD')
        >>> table.cost(Target("openai", "gpt"), Usage(input=10, output=2)) is None
        True
    """

    def __init__(self, prices: Mapping[str, Price | None]) -> None:
        self._prices = dict(prices)

    def knows(self, target: Target) -> bool:
        """Whether the table says anything of this target."""
        return self._key(target) is not None

    def cost(self, target: Target, usage: Usage) -> Money | None:
        """What this usage cost at this target; None when unknown."""
        key = self._key(target)
        price = None if key is None else self._prices[key]
        return None if price is None else price.cost(usage)

    def _key(self, target: Target) -> str | None:
        name = str(target)
        if name in self._prices:
            return name
        return next((key for key in self._prices if fnmatchcase(name, key)), None)


def _or(price: Decimal | None, instead: Decimal) -> Decimal:
    return instead if price is None else price


def _counts(usage: Usage) -> tuple[int, int, int, int] | None:
    """Prompt tokens at full price, read, written, and generated ones."""
    if usage.input is None or usage.output is None:
        return None
    read, written = usage.cache_read or 0, usage.cache_write or 0
    plain = usage.input - read - written
    return (
        None
        if min(plain, read, written, usage.output) < 0
        else (plain, read, written, usage.output)
    )
