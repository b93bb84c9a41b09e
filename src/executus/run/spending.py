"""What a run has spent, and whether it may spend more."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from executus.errors import RunStopped
from executus.invocation import Limits
from executus.money import NO_PRICES, Money, PriceSource
from majordomo.agent import Step
from majordomo.llm import Response, Usage

__all__ = ["Spending", "check_limits"]


def _total(prices: PriceSource, steps: Sequence[Step]) -> Money | None:
    """What model calls cost together; None when one of them is of unknown price, or none was made.

    Raises:
        SetupError: The prices are of different currencies.
    """
    total: Money | None = None
    for step in steps:
        cost = prices.cost(step.response.target, step.response.usage)
        if cost is None:
            return None
        total = cost if total is None else total + cost
    return total


class _Sum:
    """An amount that becomes unknown with the first part of it that is."""

    __slots__ = ("known", "unknown")

    def __init__(self) -> None:
        self.known: Money | None = None
        self.unknown = False

    def add(self, cost: Money | None) -> None:
        if cost is None:
            self.unknown = True
        else:
            self.known = cost if self.known is None else self.known + cost

    @property
    def value(self) -> Money | None:
        return None if self.unknown else self.known


class Spending:
    """Adds up what the calls of one run cost, each once.

    Args:
        prices: What tokens cost.
        earlier: Model calls an earlier process made.
    """

    def __init__(self, prices: PriceSource, earlier: Sequence[Step] = ()) -> None:
        self._prices = prices
        self._total, self._here = _Sum(), _Sum()
        self._leg, self._counted = 0, 0
        if earlier and prices is not NO_PRICES:
            self._total.add(_total(prices, earlier))

    @property
    def cost(self) -> Money | None:
        """What all of them cost; None when a part of it is unknown, or nothing was counted."""
        return self._total.value

    @property
    def cost_here(self) -> Money | None:
        """What those of this process cost; None as above."""
        return self._here.value

    def skip(self, leg: int, steps: int) -> None:
        """Go on behind the steps an earlier process took in a phase."""
        self._leg, self._counted = leg, steps

    def count(self, leg: int, steps: Sequence[Step]) -> None:
        """Add the steps of a phase that have not been counted yet."""
        if self._prices is NO_PRICES:
            return
        if leg != self._leg:
            self._leg, self._counted = leg, 0
        new = steps[self._counted :]
        self._counted = len(steps)
        for step in new:
            cost = _total(self._prices, [step])
            self._total.add(cost)
            self._here.add(cost)

    def count_aside(self, response: Response) -> None:
        """Add a model call that a tool made."""
        if self._prices is not NO_PRICES:
            cost = self._prices.cost(response.target, response.usage)
            self._total.add(cost)
            self._here.add(cost)

    def count_tool(self, cost: Decimal, currency: str) -> None:
        """Add what a tool call cost, if anything."""
        if cost and self._prices is not NO_PRICES:
            known = self._total.known
            money = Money(cost, known.currency if known else currency)
            self._total.add(money)
            self._here.add(money)


def check_limits(limits: Limits, usage: Usage, cost: Money | None) -> None:
    """Refuse to go on when as much is spent as may be.

    Raises:
        RunStopped: It is.
    """
    spent = (usage.input or 0) + (usage.output or 0)
    if limits.max_tokens is not None and spent >= limits.max_tokens:
        raise RunStopped(f"{spent} tokens are spent, and max_tokens is {limits.max_tokens}")
    if limits.max_cost is not None and cost is not None and cost >= limits.max_cost:
        raise RunStopped(f"{cost} are spent, and max_cost is {limits.max_cost}")
