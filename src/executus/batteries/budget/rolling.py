"""A budget over rolling windows: a run sets aside what it may spend before it spends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from executus.batteries.budget.memory import MemoryBudgetStorage
from executus.batteries.budget.rules import (
    TOKENS,
    BudgetRule,
    Estimate,
    account,
    as_money,
    whole_units,
)
from executus.batteries.budget.storage import Bound, BudgetStorage, Reservation
from executus.errors import BudgetExceeded, ExecutusError, SetupError
from executus.money import Money
from executus.run.info import RunInfo
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import Usage

__all__ = ["LEASE_GRACE_S", "BudgetUse", "RollingBudget", "metadata_tenant"]

LEASE_GRACE_S = 60.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def metadata_tenant(info: RunInfo) -> str:
    """The tenant an invocation's metadata name, under `tenant`; empty when they name none."""
    return str(info.invocation.metadata.get("tenant", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """How far one cap is used up.

    Attributes:
        rule: Whose cap.
        key: Whose spending: the id of the caller, the agent's name, …
        unit: `tokens`, or the currency.
        used: Spent and set aside; tokens, or billionths of the currency's unit.
        cap: The most, in the same.
    """

    rule: BudgetRule
    key: str
    unit: str
    used: int
    cap: int

    @property
    def left(self) -> int:
        """What may still be set aside; 0 when the cap is reached or passed."""
        return max(0, self.cap - self.used)

    def __str__(self) -> str:
        return f"{_amount(self.used, self.unit)} of {_amount(self.cap, self.unit)}"


@dataclass(slots=True, kw_only=True)
class _Held:
    """What this process knows of a run that has reserved.

    Attributes:
        keys: The run's key in each scope.
        amounts: What is set aside, by unit.
        spent: What it had spent when it last asked, by unit; unknown amounts counted as estimates.
        largest: The most it spent between two questions, by unit.
        lease_us: For how long each reservation holds.
    """

    keys: Mapping[str, str]
    amounts: dict[str, int]
    lease_us: int
    spent: dict[str, int] = field(default_factory=dict[str, int])
    largest: dict[str, int] = field(default_factory=dict[str, int])


class RollingBudget:
    """A `BudgetGate` over rolling windows, several at once if need be.

    A run reserves its `max_tokens` and `max_cost`, else the estimate; before each further model
    call it reserves more when what is left would not hold another call as large as its largest.
    Reservations end with the run, or `LEASE_GRACE_S` after the time the run may take: those of a
    process that died lapse by themselves. What a run really spent is always recorded; a single
    call that is larger than what was set aside can pass a cap, and what follows is then refused.

    Args:
        *rules: All of them must have room.
        storage: Where spending is kept; this process's memory by default.
        estimate: What is set aside where nothing better is known.
        tenant: Whose spending a rule per tenant adds up; `metadata["tenant"]` by default.
        clock: Tells the time of day.

    Raises:
        SetupError: There is no rule, or one caps money and the estimate says no cost in that
            currency, or two rules cap money in different currencies.

    Example:
        >>> from executus import Executor, Ports, RunnableAgent
        >>> budget = RollingBudget(BudgetRule(max_tokens=1000), estimate=Estimate(tokens=2000))
        >>> executor = Executor(ports=Ports(budget=budget))
        >>> executor.run_sync(RunnableAgent(name="helper", model="fake"), "hello").status.value
        'rejected'
    """

    def __init__(
        self,
        *rules: BudgetRule,
        storage: BudgetStorage | None = None,
        estimate: Estimate = Estimate(),
        tenant: Callable[[RunInfo], str] = metadata_tenant,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if not rules:
            raise SetupError("a budget needs a rule: RollingBudget(BudgetRule(max_tokens=…))")
        self._rules = rules
        self._storage = MemoryBudgetStorage() if storage is None else storage
        self._estimate = _units(estimate)
        self._tenant = tenant
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._capped = {unit for rule in rules for unit in rule.caps}
        if missing := self._capped - self._estimate.keys():
            raise SetupError(
                f"a rule caps {', '.join(sorted(missing))}: give the budget what a run costs, "
                "Estimate(cost=Money(…)), in that one currency"
            )

    async def reserve(self, info: RunInfo) -> None:
        """Set aside what the run may spend.

        Raises:
            BudgetExceeded: A cap has no room for it.
        """
        keys = {
            "caller": info.caller.id,
            "agent": info.agent,
            "tenant": self._tenant(info),
            "all": "",
        }
        lease_us = round((info.limits.max_runtime_s + LEASE_GRACE_S) * 1e6)
        held = _Held(keys=keys, amounts=self._wanted(info), lease_us=lease_us)
        if not await self._set_aside(info.run_id, held, held.amounts):
            raise await self._exceeded(info.run_id, held, held.amounts)
        self._held[info.run_id] = held

    async def extend(self, run_id: str, usage: Usage, cost: Money | None) -> None:
        """Set more aside, if another model call might pass what is.

        Raises:
            BudgetExceeded: A cap has no room for it.
        """
        held = self._known(run_id)
        needed = self._needed(held, self._spent(usage, cost))
        if all(needed[unit] <= held.amounts[unit] for unit in needed):
            return
        exact = {unit: max(needed[unit], held.amounts[unit]) for unit in needed}
        ample = {unit: max(exact[unit], held.spent[unit] + self._estimate[unit]) for unit in needed}
        for wanted in (ample, exact):  # a whole estimate spares questions; less will do as well
            if await self._set_aside(run_id, held, wanted):
                held.amounts = wanted
                return
        raise await self._exceeded(run_id, held, exact)

    async def commit(self, run_id: str, usage: Usage, cost: Money | None) -> None:
        """Record what the run spent; an unknown amount counts as all that was set aside."""
        held = self._known(run_id)
        spent = self._spent(usage, cost)
        amounts = {
            unit: held.amounts[unit] if (known := spent[unit]) is None else known
            for unit in self._capped
        }
        await self._storage.commit(run_id, self._by_account(held, amounts), self._now_us())
        self._held.pop(run_id, None)

    async def release(self, run_id: str) -> None:
        """Drop what the run set aside."""
        await self._storage.release(run_id)
        self._held.pop(run_id, None)

    async def used(
        self, *, caller: str = "", agent: str = "", tenant: str = ""
    ) -> Sequence[BudgetUse]:
        """How far every cap is used up, in the order of the rules.

        Args:
            caller: Id of the caller to look at, for rules per caller.
            agent: The agent, for rules per agent.
            tenant: The tenant, for rules per tenant.
        """
        keys = {"caller": caller, "agent": agent, "tenant": tenant, "all": ""}
        return await self._uses(keys)

    async def _uses(self, keys: Mapping[str, str]) -> list[BudgetUse]:
        now_us = self._now_us()
        return [
            BudgetUse(
                rule=rule,
                key=keys[rule.per],
                unit=unit,
                cap=cap,
                used=await self._storage.used(
                    account(rule.per, keys[rule.per], unit),
                    after_us=now_us - rule.window_us,
                    now_us=now_us,
                ),
            )
            for rule in self._rules
            for unit, cap in rule.caps.items()
        ]

    def _known(self, run_id: str) -> _Held:
        held = self._held.get(run_id)
        if held is None:
            raise ExecutusError(f"run {run_id} has reserved nothing of this budget; reserve first")
        return held

    def _wanted(self, info: RunInfo) -> dict[str, int]:
        wanted = {unit: self._estimate[unit] for unit in self._capped}
        limits = info.limits
        if TOKENS in wanted and limits.max_tokens is not None:
            wanted[TOKENS] = limits.max_tokens
        if limits.max_cost is not None and limits.max_cost.currency in wanted:
            wanted[limits.max_cost.currency] = whole_units(limits.max_cost)
        return wanted

    def _spent(self, usage: Usage, cost: Money | None) -> dict[str, int | None]:
        """Whole units spent by unit; None where it is not known, other currencies included."""
        spent: dict[str, int | None] = dict.fromkeys(self._capped)
        if TOKENS in spent:
            spent[TOKENS] = usage.total
        if cost is not None and cost.currency in spent:
            spent[cost.currency] = whole_units(cost)
        return spent

    def _needed(self, held: _Held, spent: Mapping[str, int | None]) -> dict[str, int]:
        """What must be set aside for another call as large as the largest so far."""
        needed: dict[str, int] = {}
        for unit, known in spent.items():
            before = held.spent.get(unit, 0)
            now = before + self._estimate[unit] if known is None else known
            largest = max(held.largest.get(unit, 0), now - before, 1)
            held.spent[unit], held.largest[unit] = now, largest
            needed[unit] = now + largest
        return needed

    async def _set_aside(self, run_id: str, held: _Held, amounts: Mapping[str, int]) -> bool:
        now_us = self._now_us()
        reservation = Reservation(
            run_id=run_id,
            amounts=self._by_account(held, amounts),
            now_us=now_us,
            expires_us=now_us + held.lease_us,
        )
        bounds = [
            Bound(
                account=account(rule.per, held.keys[rule.per], unit),
                cap=cap,
                after_us=now_us - rule.window_us,
            )
            for rule in self._rules
            for unit, cap in rule.caps.items()
        ]
        return await self._storage.reserve(reservation, bounds) is None

    async def _exceeded(
        self, run_id: str, held: _Held, amounts: Mapping[str, int]
    ) -> BudgetExceeded:
        mine = self._held.get(run_id)
        for use in await self._uses(held.keys):
            others = use.used - (mine.amounts[use.unit] if mine else 0)
            if others + amounts[use.unit] > use.cap:
                wanted, whom = _amount(amounts[use.unit], use.unit), use.key or "everybody"
                return BudgetExceeded(
                    f"the budget of {use.rule.per} {whom!r} ({use.rule.describe()}) has no room: "
                    f"{_amount(others, use.unit)} are used or set aside, and {wanted} would be "
                    "added; wait, ask for less (max_tokens, max_cost), or raise the cap"
                )
        return BudgetExceeded("the budget had no room a moment ago; try again")

    def _by_account(self, held: _Held, amounts: Mapping[str, int]) -> dict[str, int]:
        return {
            account(rule.per, held.keys[rule.per], unit): amounts[unit]
            for rule in self._rules
            for unit in rule.caps
        }

    def _now_us(self) -> int:
        return (self._clock.wall() - _EPOCH) // timedelta(microseconds=1)


def _units(estimate: Estimate) -> dict[str, int]:
    units = {TOKENS: estimate.tokens}
    if estimate.cost is not None:
        units[estimate.cost.currency] = whole_units(estimate.cost)
    return units


def _amount(units: int, unit: str) -> str:
    return f"{units} tokens" if unit == TOKENS else str(as_money(units, unit))
