"""What a run has spent, and whether it may spend more."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal

from executus.errors import RunStopped
from executus.invocation import Limits
from executus.money import NO_PRICES, Money, PriceSource
from majordomo.agent import Step
from majordomo.llm import Target, Usage

__all__ = ["CostSum", "Spending", "check_limits"]

logger = logging.getLogger("executus.run")

_NOTHING = Usage()


class CostSum:
    """An amount that becomes unknown with the first part of it that is."""

    __slots__ = ("known", "unknown")

    def __init__(self) -> None:
        self.known: Money | None = None
        self.unknown = False

    def add(self, cost: Money | None) -> None:
        """Add one amount; None makes the sum unknown, and so does another currency."""
        if cost is None or (self.known and self.known.currency != cost.currency):
            self.unknown = True  # amounts of different currencies have no sum
        else:
            self.known = cost if self.known is None else self.known + cost

    def add_all(self, other: CostSum) -> None:
        """Add another sum."""
        if other.known is not None:
            self.add(other.known)
        self.unknown |= other.unknown

    @property
    def value(self) -> Money | None:
        """The sum; None when it is unknown, or nothing was added."""
        return None if self.unknown else self.known


class Spending:
    """Adds up what the calls of one run took and cost, each once.

    Args:
        prices: What tokens cost.

    Attributes:
        earlier: Tokens an earlier process spent.
        owed: Those of them that the budget has not been told of.
        aside: Tokens of model calls beside the loop that were answered: by tools, and to summarise.
        aside_asked: Such calls that were begun.
    """

    def __init__(self, prices: PriceSource) -> None:
        self._prices = prices
        self._total, self._here = CostSum(), CostSum()
        self._leg, self._counted = 0, 0
        self._warned = False
        self.earlier = self.owed = self.aside = _NOTHING
        self.aside_asked = 0

    @property
    def cost(self) -> Money | None:
        """What all of it cost; None when a part of it is unknown, or nothing was counted."""
        return self._total.value

    @property
    def cost_here(self) -> Money | None:
        """What this process' part cost, and what is owed; None as above."""
        return self._here.value

    def restore(
        self,
        steps: Iterable[Step],
        aside: Iterable[tuple[Usage, Money | None]],
        tools: Money | None,
    ) -> None:
        """Add what an earlier process spent: in its steps, beside them, and on tools."""
        for step in steps:
            self.earlier += step.response.usage
            self._total.add(self.price(step.response.target, step.response.usage))
        for usage, cost in aside:
            self.earlier += usage
            self._total.add(cost)
        if tools is not None:
            self._total.add(tools)

    def owe(
        self,
        steps: Iterable[Step],
        aside: Iterable[tuple[Usage, Money | None]],
        tools: Iterable[Money],
    ) -> None:
        """Take over what a process spent that died before it told the budget."""
        for step in steps:
            self.owed += step.response.usage
            self._here.add(self.price(step.response.target, step.response.usage))
        for usage, cost in aside:
            self.owed += usage
            self._here.add(cost)
        for cost in tools:
            self._here.add(cost)

    def skip(self, leg: int, steps: int) -> None:
        """Go on behind the steps an earlier process took in a phase."""
        self._leg, self._counted = leg, steps

    def count(self, leg: int, steps: Sequence[Step]) -> None:
        """Add the steps of a phase that have not been counted yet."""
        if leg != self._leg:
            self._leg, self._counted = leg, 0
        if self._counted == len(steps):
            return
        for step in steps[self._counted :]:
            self._add(self.price(step.response.target, step.response.usage))
        self._counted = len(steps)

    def count_aside(self, target: Target, usage: Usage) -> Money | None:
        """Add a model call beside the loop; returns what it cost."""
        cost = self.price(target, usage)
        self.aside += usage
        self._add(cost)
        return cost

    def count_tool(self, cost: Decimal, currency: str) -> Money | None:
        """Add what a tool call cost, if anything, in the currency of the model calls."""
        if not cost or self._prices is NO_PRICES:
            return None
        known = self._total.known
        money = Money(cost, known.currency if known else currency)
        self._add(money)
        return money

    def price(self, target: Target, usage: Usage) -> Money | None:
        """What a model call cost; a source of prices that fails knows nothing."""
        if self._prices is NO_PRICES:
            return None
        try:
            return self._prices.cost(target, usage)
        except Exception:
            if not self._warned:
                logger.exception("the source of prices failed; what that call cost is unknown")
            self._warned = True
            return None

    def _add(self, cost: Money | None) -> None:
        self._total.add(cost)
        self._here.add(cost)


def check_limits(limits: Limits, usage: Usage, cost: Money | None) -> None:
    """Refuse to go on when as much is spent as may be, or when that cannot be told.

    Raises:
        RunStopped: One of these.
    """
    if not usage.requests:
        return
    if limits.max_tokens is not None:
        if usage.total is None:
            raise RunStopped("max_tokens is set, and a model call did not say what it took")
        if usage.total >= limits.max_tokens:
            raise RunStopped(
                f"{usage.total} tokens are spent, and max_tokens is {limits.max_tokens}"
            )
    if limits.max_cost is not None:
        if cost is None:
            raise RunStopped("max_cost is set, and what a model call cost is unknown")
        if cost >= limits.max_cost:
            raise RunStopped(f"{cost} are spent, and max_cost is {limits.max_cost}")
