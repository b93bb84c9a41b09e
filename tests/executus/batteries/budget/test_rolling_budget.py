"""A run sets aside what it may spend, grows that before it is passed, and settles at its end."""

from datetime import UTC, datetime

import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent
from executus.batteries.budget import BudgetRule, Estimate, MemoryBudgetStorage, RollingBudget
from executus.errors import BudgetExceeded, ExecutusError, SetupError
from executus.identity import Caller
from executus.money import Money
from executus.run import RunInfo
from executus.testing import FakeClock
from majordomo.llm import Usage, tool
from majordomo.providers.fake import FakeProvider, Reply

DAY_S = 86_400


def info(run_id="r", *, caller="ann", agent="helper", limits=None, metadata=None):
    return RunInfo(
        run_id=run_id,
        parent=None,
        root=run_id,
        agent=agent,
        caller=Caller(id=caller),
        limits=limits or Limits(),
        invocation=Invocation("go", metadata=metadata or {}),
        started=datetime(2026, 1, 1, tzinfo=UTC),
    )


def spent(tokens):
    return Usage(input=tokens, output=0, requests=1)


def budget_of(*rules, estimate=None, **options):
    return RollingBudget(*rules, estimate=estimate or Estimate(tokens=10), **options)


async def used(budget, **keys):
    return [use.used for use in await budget.used(**keys)]


async def spend(budget, run_id, tokens, **about):
    await budget.reserve(info(run_id, **about))
    await budget.commit(run_id, spent(tokens), None)


async def test_a_run_reserves_its_own_limit_else_the_estimate():
    budget = budget_of(BudgetRule(max_tokens=100))
    await budget.reserve(info("limited", limits=Limits(max_tokens=60)))
    await budget.reserve(info("estimated"))
    assert await used(budget, caller="ann") == [70]


async def test_a_refusal_names_the_rule_who_and_what_would_help():
    budget = budget_of(BudgetRule(max_tokens=100))
    await spend(budget, "one", 95)
    with pytest.raises(BudgetExceeded, match=r"'ann'.*100 tokens per caller in 7 days.*95 tokens"):
        await budget.reserve(info("two"))
    assert await used(budget, caller="ann") == [95]


async def test_spending_leaves_the_window_to_the_microsecond():
    clock = FakeClock()
    budget = budget_of(BudgetRule(max_tokens=20, window_days=1), clock=clock)
    await spend(budget, "one", 20)
    clock.advance(DAY_S - 1e-6)
    assert await used(budget, caller="ann") == [20]
    with pytest.raises(BudgetExceeded):
        await budget.reserve(info("two"))
    clock.advance(1.1e-6)
    assert await used(budget, caller="ann") == [0]
    await budget.reserve(info("two"))


async def test_a_day_and_a_month_hold_together():
    clock = FakeClock()
    day = BudgetRule(max_tokens=50, window_days=1)
    month = BudgetRule(max_tokens=80, window_days=30)
    budget = budget_of(day, month, clock=clock)
    await spend(budget, "one", 45)
    with pytest.raises(BudgetExceeded, match="in 1 days"):
        await budget.reserve(info("two"))
    clock.advance(DAY_S)
    await spend(budget, "three", 30)
    assert await used(budget, caller="ann") == [30, 75]
    with pytest.raises(BudgetExceeded, match="in 30 days"):
        await budget.reserve(info("four"))


@pytest.mark.parametrize(
    ("per", "same", "other"),
    [
        ("caller", {"agent": "x"}, {"caller": "bob"}),
        ("agent", {"caller": "bob"}, {"agent": "x"}),
        ("tenant", {"caller": "bob", "metadata": {"tenant": "t"}}, {"metadata": {"tenant": "u"}}),
    ],
)
async def test_each_scope_adds_up_its_own(per, same, other):
    budget = budget_of(BudgetRule(max_tokens=20, per=per))
    await spend(budget, "one", 15, metadata={"tenant": "t"})
    with pytest.raises(BudgetExceeded):
        await budget.reserve(info("two", **{"metadata": {"tenant": "t"}, **same}))
    await budget.reserve(info("three", **{"metadata": {"tenant": "t"}, **other}))


async def test_a_rule_for_all_adds_up_everybody():
    budget = budget_of(BudgetRule(max_tokens=20, per="all"))
    await spend(budget, "one", 15)
    with pytest.raises(BudgetExceeded):
        await budget.reserve(info("two", caller="bob", agent="x"))


async def test_the_reservation_grows_before_it_is_passed():
    budget = budget_of(BudgetRule(max_tokens=100))
    await budget.reserve(info())
    await budget.extend("r", spent(4), None)
    assert await used(budget, caller="ann") == [10], "4 spent and 4 more fit into 10"
    await budget.extend("r", spent(8), None)
    assert await used(budget, caller="ann") == [18], "8 spent, 4 more do not: an estimate more"
    await budget.extend("r", spent(30), None)
    assert await used(budget, caller="ann") == [52], "room for another call of 22"


async def test_what_is_left_is_used_to_the_end_and_then_the_run_stops():
    budget = budget_of(BudgetRule(max_tokens=14))
    await budget.reserve(info())
    await budget.extend("r", spent(7), None)
    assert await used(budget, caller="ann") == [14], "no room for an estimate, but for a call"
    with pytest.raises(BudgetExceeded, match="14 tokens"):
        await budget.extend("r", spent(14), None)
    assert await used(budget, caller="ann") == [14]


async def test_a_run_beyond_the_cap_is_recorded_in_full():
    budget = budget_of(BudgetRule(max_tokens=20))
    await spend(budget, "one", 50)
    (use,) = await budget.used(caller="ann")
    assert (use.used, use.left, str(use)) == (50, 0, "50 tokens of 20 tokens")


async def test_unknown_spending_counts_as_what_was_set_aside_never_as_nothing():
    budget = budget_of(BudgetRule(max_tokens=100))
    await budget.reserve(info())
    await budget.extend("r", Usage(requests=1), None)
    assert await used(budget, caller="ann") == [20]
    await budget.commit("r", Usage(requests=2), None)
    assert await used(budget, caller="ann") == [20]


async def test_money_is_added_up_exactly_and_rounded_up_below_a_billionth():
    rule = BudgetRule(max_cost=Money("1.00"))
    budget = budget_of(rule, estimate=Estimate(cost=Money("0.10")))
    for number in range(3):
        await budget.reserve(info(f"r{number}"))
        await budget.commit(f"r{number}", spent(1), Money("0.1"))
    await budget.reserve(info("tiny"))
    await budget.commit("tiny", spent(1), Money("0.0000000001"))
    (use,) = await budget.used(caller="ann")
    assert (use.used, use.unit) == (300_000_001, "USD")


async def test_a_run_of_unknown_price_counts_as_the_estimate():
    budget = budget_of(BudgetRule(max_cost=Money(1)), estimate=Estimate(cost=Money("0.25")))
    await budget.reserve(info())
    await budget.commit("r", spent(1), None)
    assert await used(budget, caller="ann") == [250_000_000]


async def test_the_reservation_of_a_dead_process_lapses_a_minute_after_its_time():
    clock, storage = FakeClock(), MemoryBudgetStorage()
    dead = budget_of(BudgetRule(max_tokens=10), storage=storage, clock=clock)
    await dead.reserve(info(limits=Limits(max_runtime_s=30)))
    alive = budget_of(BudgetRule(max_tokens=10), storage=storage, clock=clock)
    clock.advance(89)
    with pytest.raises(BudgetExceeded):
        await alive.reserve(info("two"))
    clock.advance(1)
    await alive.reserve(info("two"))


async def test_to_extend_renews_the_lease():
    clock = FakeClock()
    budget = budget_of(BudgetRule(max_tokens=100), clock=clock)
    await budget.reserve(info(limits=Limits(max_runtime_s=30)))
    clock.advance(80)
    await budget.extend("r", spent(10), None)
    clock.advance(80)
    assert await used(budget, caller="ann") == [20]


async def test_to_commit_what_was_never_reserved_is_an_error():
    with pytest.raises(ExecutusError, match="reserve first"):
        await budget_of(BudgetRule(max_tokens=1)).commit("ghost", spent(1), None)


@pytest.mark.parametrize(
    "make",
    [
        RollingBudget,
        BudgetRule,
        lambda: BudgetRule(max_tokens=-1),
        lambda: BudgetRule(max_tokens=1, window_days=0),
        lambda: BudgetRule(max_tokens=1, window_days=367),
        lambda: BudgetRule(max_tokens=1, window_days=float("nan")),
        lambda: BudgetRule(max_tokens=1, per="planet"),
        lambda: BudgetRule(max_tokens="5"),
        lambda: BudgetRule(max_cost=0.5),
        lambda: Estimate(tokens=0),
        lambda: RollingBudget(BudgetRule(max_cost=Money(1))),
        lambda: RollingBudget(
            BudgetRule(max_cost=Money(1)), estimate=Estimate(cost=Money(1, "EUR"))
        ),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(SetupError):
        make()


def talkative(tokens, calls=0):
    usage = Usage(input=tokens, output=0, requests=1)
    fake = FakeProvider()
    for _ in range(calls):
        fake.enqueue("m", Reply(calls=[("look", {})], usage=usage))
    fake.enqueue("m", Reply(text="done", usage=usage))

    @tool
    async def look() -> str:
        """Look."""
        return "seen"

    return RunnableAgent(name="helper", model=fake.model("m"), tools=[look])


async def test_an_executors_runs_are_settled():
    budget = budget_of(BudgetRule(max_tokens=100))
    executor = Executor(ports=Ports(budget=budget))
    result = await executor.run(talkative(7, calls=1), "go")
    assert result.ok, result.error
    assert await used(budget, caller="anonymous") == [14]


async def test_an_executors_run_is_stopped_when_there_is_no_room_for_another_call():
    budget = budget_of(BudgetRule(max_tokens=12))
    executor = Executor(ports=Ports(budget=budget))
    result = await executor.run(talkative(9, calls=3), "go")
    assert not result.ok
    assert "no room" in str(result.error)
    assert await used(budget, caller="anonymous") == [9]
    refused = await executor.run(talkative(9), "go")
    assert (refused.status, refused.steps) == ("rejected", ())


async def test_an_empty_storage_of_a_host_is_not_taken_for_none():
    class Counted(MemoryBudgetStorage):
        def __len__(self):
            return 0

    storage = Counted()
    budget = RollingBudget(BudgetRule(max_tokens=10, per="all"), storage=storage)
    await storage.commit("r", {'["all","","tokens"]': 3}, (FakeClock().wall().year - 1970) * 10**15)
    (use,) = await budget.used()
    assert use.used == 3
