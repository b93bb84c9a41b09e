"""What may be spent: rules, and the whole units their storage counts in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal, TypeAlias

from pydantic_core import to_json

from executus.batteries.budget.storage import MAX_WINDOW_DAYS
from executus.errors import SetupError
from executus.money import Money

__all__ = ["TOKENS", "BudgetRule", "Estimate", "Scope", "account", "as_money", "whole_units"]

Scope: TypeAlias = Literal["caller", "agent", "tenant", "all"]
_SCOPES = ("caller", "agent", "tenant", "all")

TOKENS = "tokens"
_PER_UNIT = 10**9


def whole_units(money: Money) -> int:
    """Billionths of the currency's unit; what is smaller is rounded up, so never under-counted."""
    return int((money.amount * _PER_UNIT).to_integral_value(ROUND_CEILING))


def as_money(units: int, currency: str) -> Money:
    """The amount that so many billionths are."""
    return Money(Decimal(units) / _PER_UNIT, currency)


def account(scope: str, key: str, unit: str) -> str:
    """The name under which a storage adds up; no two scopes, keys and units share one."""
    return to_json([scope, key, unit]).decode()


def _check_kinds(tokens: object, cost: object) -> None:
    if isinstance(tokens, bool) or not isinstance(tokens, int | None):
        raise SetupError(f"max_tokens must be a whole number, not {tokens!r}")
    if not isinstance(cost, Money | None):
        raise SetupError(f"max_cost must be an amount, such as Money('0.50'), not {cost!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRule:
    """A cap on what is spent within a rolling window.

    Attributes:
        max_tokens: Most tokens, input and output together; None for no cap.
        max_cost: Most money; None for no cap. Give at least one of the two.
        window_days: Length of the window. What was spent exactly so long ago counts no more.
        per: Whose spending is added up: each caller's, agent's or tenant's, or all of it.

    Raises:
        SetupError: There is no cap, or a figure is out of its range or of the wrong kind.

    Example:
        >>> BudgetRule(max_tokens=200_000, window_days=1).describe()
        '200000 tokens per caller in 1 days'
    """

    max_tokens: int | None = None
    max_cost: Money | None = None
    window_days: float = 7.0
    per: Scope = "caller"

    def __post_init__(self) -> None:
        if self.max_tokens is None and self.max_cost is None:
            raise SetupError("a budget rule needs a cap: give max_tokens, max_cost or both")
        _check_kinds(self.max_tokens, self.max_cost)
        if (self.max_tokens or 0) < 0 or (self.max_cost and self.max_cost.amount < 0):
            raise SetupError("a budget rule's caps must be at least 0")
        if not 0 < self.window_days <= MAX_WINDOW_DAYS:
            raise SetupError(
                f"window_days must be above 0 and at most {MAX_WINDOW_DAYS}, not {self.window_days}"
            )
        if self.per not in _SCOPES:
            raise SetupError(f"per must be one of {', '.join(_SCOPES)}, not {self.per!r}")

    @property
    def window_us(self) -> int:
        """The window in microseconds."""
        return round(self.window_days * 86_400_000_000)

    @property
    def caps(self) -> dict[str, int]:
        """Whole units by unit: tokens, or the currency."""
        caps: dict[str, int] = {}
        if self.max_tokens is not None:
            caps[TOKENS] = self.max_tokens
        if self.max_cost is not None:
            caps[self.max_cost.currency] = whole_units(self.max_cost)
        return caps

    def describe(self) -> str:
        """The rule in a few words."""
        caps = [f"{self.max_tokens} tokens"] if self.max_tokens is not None else []
        caps += [str(self.max_cost)] if self.max_cost is not None else []
        return f"{' and '.join(caps)} per {self.per} in {self.window_days:g} days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is set aside where nothing better is known, and what an unknown amount counts as.

    Attributes:
        tokens: For a run without `max_tokens`, and for each further step beyond it; at least 1.
        cost: The same for money; needed when a rule caps money.

    Raises:
        SetupError: A figure is not above 0.
    """

    tokens: int = 20_000
    cost: Money | None = None

    def __post_init__(self) -> None:
        if self.tokens < 1 or (self.cost is not None and self.cost.amount <= 0):
            raise SetupError("an estimate's figures must be above 0")
