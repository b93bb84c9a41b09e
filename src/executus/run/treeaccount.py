"""What a run and the runs it dispatches spend together, held against the bounds of each of them."""

from __future__ import annotations

from typing import Protocol

from executus.errors import RunStopped
from executus.money import Money
from executus.run.info import RunInfo
from executus.run.spending import CostSum, check_limits
from majordomo.llm import Usage

__all__ = ["ENDED", "TreeAccount"]


class Spender(Protocol):
    """A run, as its account sees it."""

    @property
    def info(self) -> RunInfo:
        """What it is, with its bounds."""
        ...

    @property
    def usage(self) -> Usage:
        """Tokens of its own so far."""
        ...

    @property
    def cost(self) -> Money | None:
        """What those cost; None when unknown."""
        ...


class TreeAccount:
    """The account of one run: its own spending, and that of what stands below it.

    Whoever dispatches agents would otherwise have its bounds as often as it dispatches.

    Args:
        run: The run.
        above: The account of the run that dispatched it; None for a root.
    """

    __slots__ = ("_above", "_below", "_ended", "_ended_cost", "_run")

    def __init__(self, run: Spender, above: TreeAccount | None) -> None:
        self._run = run
        self._above = above
        self._below: list[TreeAccount] = []
        self._ended = Usage()
        self._ended_cost = CostSum()
        if above is not None:
            above._below.append(self)  # noqa: SLF001 - of this class

    @property
    def usage(self) -> Usage:
        """Tokens of the run and of all below it."""
        total = self._run.usage + self._ended
        for account in self._below:
            total += account.usage
        return total

    @property
    def cost(self) -> Money | None:
        """What all of that cost; None when a part is unknown, or nothing was spent."""
        return self._cost().value

    def _cost(self) -> CostSum:
        total = CostSum()
        if self._run.usage.requests:
            total.add(self._run.cost)
        total.add_all(self._ended_cost)
        for account in self._below:
            total.add_all(account._cost())  # noqa: SLF001 - of this class
        return total

    def require_open(self) -> None:
        """Refuse what a tool asks of a run that has ended.

        Raises:
            RunStopped: It has.
        """

    def check(self) -> None:
        """Refuse another model call when this run, or one above it, has spent what it may.

        Raises:
            RunStopped: One of them has, or it cannot be told.
        """
        account: TreeAccount | None = self
        while account is not None:
            limits = account._run.info.limits  # noqa: SLF001 - of this class
            if limits.spending_bounded:  # else nobody needs the sums before the end
                check_limits(limits, account.usage, account.cost)
            account = account._above  # noqa: SLF001 - as above

    def add_ended(self, usage: Usage, cost: Money | None) -> None:
        """Count what runs below have spent that have ended."""
        self._ended += usage
        self._ended_cost.add(cost)

    def close(self) -> tuple[Usage, Money | None] | None:
        """The run has ended: what it spent stays with the run above it.

        Returns:
            What that is; None when it is nothing, or was told before.
        """
        above, self._above = self._above, None
        if above is None:
            return None
        above._below.remove(self)  # noqa: SLF001 - of this class
        spent = self.usage, self.cost
        if not spent[0].requests:
            return None
        above.add_ended(*spent)
        return spent


class _EndedAccount(TreeAccount):
    def __init__(self) -> None: ...  # of no run: it stands above none, and is never added up

    def require_open(self) -> None:
        raise RunStopped("the run has ended: its tools can ask nothing of it any more")

    check = require_open

    def close(self) -> None:
        return None


ENDED: TreeAccount = _EndedAccount()
"""The account of every run that has ended: a tool that goes on by itself may ask nothing of it."""
