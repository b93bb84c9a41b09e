"""Budgets in memory agree with a plain ledger, with few additions however much is kept."""

import pytest

from executus.batteries.budget import MAX_WINDOW_DAYS, Bound, MemoryBudgetStorage, Reservation
from executus.batteries.budget.tally import Tally
from executus.testing.contracts.ledger import compare_with_ledger

NOW = 1_800_000_000_000_000
WEEK = 7 * 86_400_000_000
KEPT = MAX_WINDOW_DAYS * 86_400_000_000


@pytest.mark.parametrize("seed", range(20))
async def test_it_agrees_with_a_plain_ledger(seed):
    await compare_with_ledger(MemoryBudgetStorage(), seed)


class Counted(int):
    """A number that counts how often it is added to another."""

    additions = 0

    def __add__(self, other):
        Counted.additions += 1
        return Counted(int(self) + int(other))

    __radd__ = __add__

    def __sub__(self, other):
        Counted.additions += 1
        return Counted(int(self) - int(other))

    def __rsub__(self, other):
        Counted.additions += 1
        return Counted(int(other) - int(self))

    def __neg__(self):
        return Counted(-int(self))


async def additions(moments, leases):
    """What one run costs on top of what is kept."""
    storage = MemoryBudgetStorage()
    for moment in moments:
        await storage.commit("old", {"a": Counted(1)}, moment)
    for number, expires in enumerate(leases):
        held = Reservation(
            run_id=f"h{number}", amounts={"a": Counted(1)}, now_us=NOW, expires_us=expires
        )
        await storage.reserve(held, [])
    bounds = [Bound(account="a", cap=10**9, after_us=NOW - WEEK // n + 12_345) for n in (1, 2, 7)]
    mine = Reservation(run_id="r", amounts={"a": Counted(5)}, now_us=NOW, expires_us=NOW + WEEK)
    Counted.additions = 0
    assert await storage.reserve(mine, bounds) is None
    await storage.commit("r", {"a": Counted(5)}, NOW - WEEK // 3)
    await storage.reserve(mine, bounds)
    await storage.release("r")
    return Counted.additions


def spread(number, begin=NOW - WEEK):
    return [begin + WEEK * step // number + 1 for step in range(number)]


@pytest.mark.parametrize(
    ("few", "many"),
    [
        pytest.param((spread(100), []), (spread(20_000), []), id="spent over a week"),
        pytest.param(([NOW] * 100, []), ([NOW] * 20_000, []), id="spent in one microsecond"),
        pytest.param(([], spread(100, NOW)), ([], spread(20_000, NOW)), id="held"),
    ],
)
async def test_what_a_run_costs_is_bounded_however_many_came_before(few, many):
    before, after = await additions(*few), await additions(*many)
    assert before > 0
    assert after <= 5 * before  # for two hundred times as many
    assert after < 1_000


async def test_what_no_window_reaches_and_what_has_lapsed_is_dropped():
    storage = MemoryBudgetStorage()
    empty = {name: len(kept) for name, kept in vars(storage).items() if name != "_lock"}
    for number in range(100):
        held = Reservation(run_id=f"r{number}", amounts={"a": 1}, now_us=NOW, expires_us=NOW + 9)
        await storage.reserve(held, [])
        await storage.commit(f"s{number}", {"a": 1, "b": 0}, NOW + number % 3)
    await storage.commit("last", {}, NOW + KEPT + 1)
    assert await storage.used("a", after_us=0, now_us=NOW) == 33
    await storage.commit("last", {}, NOW + KEPT + 2)
    assert {name: len(kept) for name, kept in vars(storage).items() if name != "_lock"} == empty


@pytest.mark.parametrize("scale", [1, 64, 4096, 10**9, 10**13])
def test_a_tally_knows_every_edge_in_whatever_order_it_is_filled(scale):
    moments = [number * 37 % 101 * scale + number % 3 for number in range(-101, 101)]
    tally = Tally()
    for moment in moments:
        tally.add(moment, 1)
    for edge in sorted({moment + near for moment in moments for near in (-1, 0, 1)}):
        assert tally.after(edge) == sum(moment > edge for moment in moments)
    for moment in moments:
        tally.add(moment, -1)
    assert not tally
