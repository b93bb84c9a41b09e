"""What model calls cost: exact amounts in one currency, and where prices come from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from executus.errors import SetupError
from majordomo.llm import Target, Usage

__all__ = ["NO_PRICES", "Money", "PriceSource"]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency, never rounded here.

    Attributes:
        amount: Exact; a float is refused, because it is not.
        currency: Three letters, such as USD; anything for a host's own unit.

    Raises:
        SetupError: The amount is a float, or not a finite number, or the currency is no text.

    Example:
        >>> Money("0.10") + Money("0.20")
        Money(amount=Decimal('0.30'), currency='USD')
    """

    amount: Decimal
    currency: str = "USD"

    def __init__(self, amount: Decimal | str | int, currency: str = "USD") -> None:
        if isinstance(amount, float):
            raise SetupError(f"write the amount {amount!r} as text or Decimal, which are exact")
        try:
            exact = Decimal(amount)
        except (ArithmeticError, TypeError, ValueError):
            raise SetupError(
                f"{amount!r:.100} is no amount of money; write one as '0.50'"
            ) from None
        if not isinstance(currency, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SetupError(f"a currency must be a text such as 'USD', not {currency!r:.100}")
        if not exact.is_finite():
            raise SetupError(f"an amount of money must be a finite number, not {amount!r}")
        object.__setattr__(self, "amount", exact)
        object.__setattr__(self, "currency", currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def as_json(self) -> dict[str, str]:
        """Amount and currency as texts; `Money(**…)` reads them."""
        return {"amount": str(self.amount), "currency": self.currency}

    def __add__(self, other: Money) -> Money:
        """The sum.

        Raises:
            SetupError: The currencies differ.
        """
        return Money(self.amount + self._same(other).amount, self.currency)

    def __ge__(self, other: Money) -> bool:
        """Whether it is at least as much.

        Raises:
            SetupError: The currencies differ.
        """
        return self.amount >= self._same(other).amount

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise SetupError(f"{self} and {other} are of different currencies; use one")
        return other


class PriceSource(Protocol):
    """Knows what tokens cost. Must answer at once: prices are data, not a request."""

    def cost(self, target: Target, usage: Usage) -> Money | None:
        """What this usage cost at this target; None when its price, or the usage, is unknown."""
        ...


class _NoPrices:
    def cost(self, target: Target, usage: Usage) -> Money | None:
        del target, usage
        return None


NO_PRICES: PriceSource = _NoPrices()
