"""What every budget storage must do."""

from __future__ import annotations

from functools import partial

import anyio

from executus.batteries.budget import MAX_WINDOW_DAYS, Bound, BudgetStorage, Reservation
from executus.testing.contracts.contract import Check, expect
from executus.testing.contracts.ledger import compare_with_ledger

__all__ = ["BUDGET_CONTRACT"]

NOW = 1_800_000_000_000_000
LATER = NOW + 1_000_000
A, B = '["caller","ann","tokens"]', '["all","","tokens"]'


def _reservation(run_id: str, *, now_us: int = NOW, **amounts: int) -> Reservation:
    named = {A: amounts.get("a", 0), B: amounts.get("b", 0)}
    return Reservation(
        run_id=run_id,
        amounts={key: amount for key, amount in named.items() if amount},
        now_us=now_us,
        expires_us=now_us + 1_000_000,
    )


def _bound(account: str = A, cap: int = 10, after_us: int = 0) -> Bound:
    return Bound(account=account, cap=cap, after_us=after_us)


async def it_reserves_up_to_the_cap_and_no_further(storage: BudgetStorage) -> None:
    """To come to the cap exactly is allowed; a refusal changes nothing."""
    bounds = [_bound(cap=10)]
    expect(await storage.reserve(_reservation("r1", a=6), bounds), None, "room for 6 of 10")
    refused = await storage.reserve(_reservation("r2", a=5), bounds)
    expect(refused, bounds[0], "6 and 5 of 10")
    expect(await storage.used(A, after_us=0, now_us=NOW), 6, "used after a refusal")
    expect(await storage.reserve(_reservation("r3", a=4), bounds), None, "6 and 4 of 10")


async def it_checks_every_bound_before_it_changes_anything(storage: BudgetStorage) -> None:
    """One bound of several is in the way."""
    bounds = [_bound(A, 10), _bound(B, 3)]
    refused = await storage.reserve(_reservation("r1", a=5, b=5), bounds)
    expect(refused, bounds[1], "the bound in the way")
    for account in (A, B):
        expect(await storage.used(account, after_us=0, now_us=NOW), 0, f"used of {account}")


async def a_new_reservation_replaces_the_runs_old_one(storage: BudgetStorage) -> None:
    """Its own old amount is not in its way; a refused one leaves the old one as it was."""
    bounds = [_bound(cap=10)]
    await storage.reserve(_reservation("r1", a=6), bounds)
    expect(await storage.reserve(_reservation("r1", a=9), bounds), None, "9 instead of 6")
    expect(await storage.used(A, after_us=0, now_us=NOW), 9, "used after growing")
    expect(await storage.reserve(_reservation("r1", a=11), bounds), bounds[0], "11 of 10")
    expect(await storage.used(A, after_us=0, now_us=NOW), 9, "used after a refusal")


async def a_commit_records_what_was_spent_and_ends_the_reservation(
    storage: BudgetStorage,
) -> None:
    """Also when it is more than what was set aside; several commits of one run add up."""
    await storage.reserve(_reservation("r1", a=6), [_bound()])
    await storage.commit("r1", {A: 8}, NOW)
    expect(await storage.used(A, after_us=0, now_us=NOW), 8, "used after a commit")
    await storage.commit("r1", {A: 1, B: 2}, NOW)
    expect(await storage.used(A, after_us=0, now_us=NOW), 9, "used after a second commit")
    expect(await storage.used(B, after_us=0, now_us=NOW), 2, "used of another account")
    await storage.commit("r1", {A: 1}, NOW)
    expect(await storage.used(A, after_us=0, now_us=NOW), 10, "used after the same once more")


async def large_amounts_are_exact(storage: BudgetStorage) -> None:
    """Money is counted in billionths: ten million of a currency's unit."""
    most = 10**16 + 1
    await storage.commit("r1", {A: most}, NOW)
    expect(await storage.used(A, after_us=0, now_us=NOW), most, "used after a large commit")
    tight = [_bound(cap=most + 1)]
    expect(await storage.reserve(_reservation("r2", a=2), tight), tight[0], "one too many")
    expect(await storage.reserve(_reservation("r2", a=1), tight), None, "just enough")


async def a_release_drops_the_reservation_and_may_be_repeated(storage: BudgetStorage) -> None:
    """Nor is it an error when there was none."""
    await storage.reserve(_reservation("r1", a=6), [_bound()])
    await storage.reserve(_reservation("r2", a=3), [_bound()])
    await storage.release("r1")
    await storage.release("r1")
    await storage.release("never")
    expect(await storage.used(A, after_us=0, now_us=NOW), 3, "used after another's release")
    await storage.commit("r1", {A: 1}, NOW)
    expect(await storage.used(A, after_us=0, now_us=NOW), 4, "used after another's commit")


async def a_reservation_lapses_when_its_lease_ends(storage: BudgetStorage) -> None:
    """Exactly at its end, and not before."""
    reservation = _reservation("dead", a=10)
    end = reservation.expires_us
    await storage.reserve(reservation, [_bound()])
    expect(await storage.used(A, after_us=0, now_us=end - 1), 10, "used before the end")
    early = await storage.reserve(_reservation("r2", now_us=end - 1, a=1), [_bound()])
    expect(early, _bound(), "a reservation before the end of another's lease")
    expect(await storage.used(A, after_us=0, now_us=end), 0, "used at the end")
    late = await storage.reserve(_reservation("r2", now_us=end, a=10), [_bound()])
    expect(late, None, "a reservation at the end of another's lease")


async def spending_leaves_the_window_exactly_at_its_edge(storage: BudgetStorage) -> None:
    """What was spent at the moment itself counts no more, a microsecond later it does."""
    await storage.commit("r1", {A: 7}, NOW)
    expect(await storage.used(A, after_us=NOW - 1, now_us=LATER), 7, "used within the window")
    expect(await storage.used(A, after_us=NOW, now_us=LATER), 0, "used at the edge")
    inside = [_bound(cap=7, after_us=NOW - 1)]
    expect(await storage.reserve(_reservation("r2", a=1), inside), inside[0], "within the window")
    edge = [_bound(cap=7, after_us=NOW)]
    expect(await storage.reserve(_reservation("r2", a=7), edge), None, "at the edge")


async def spending_may_be_noted_out_of_order(storage: BudgetStorage) -> None:
    """Clocks of several processes differ."""
    await storage.commit("r1", {A: 4}, LATER)
    await storage.commit("r2", {A: 3}, NOW)
    expect(await storage.used(A, after_us=NOW, now_us=LATER), 4, "used after the earlier one")
    expect(await storage.used(A, after_us=NOW - 1, now_us=LATER), 7, "used of both")


async def it_keeps_what_the_longest_window_needs(storage: BudgetStorage) -> None:
    """What was spent within `MAX_WINDOW_DAYS` is there whatever comes after it."""
    end = NOW + MAX_WINDOW_DAYS * 86_400_000_000 - 1
    await storage.commit("r1", {A: 5}, NOW)
    await storage.commit("r2", {A: 1}, end)
    expect(await storage.used(A, after_us=NOW - 1, now_us=end), 6, "used within the window")


async def many_at_once_never_pass_the_cap(storage: BudgetStorage) -> None:
    """Fifty tasks want three each of a cap of forty."""
    granted: list[int] = []

    async def one(number: int) -> None:
        held = _reservation(f"r{number}", a=3)
        if await storage.reserve(held, [_bound(cap=40)]) is None:
            await storage.commit(f"r{number}", {A: 3}, NOW)
            granted.append(number)

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(partial(one, number))
    expect(len(granted), 13, "runs of 3 within 40")
    expect(await storage.used(A, after_us=0, now_us=NOW), 39, "used by them")


async def it_agrees_with_a_plain_ledger(storage: BudgetStorage) -> None:
    """Over random operations, windows and lapses, while the clock also steps back."""
    await compare_with_ledger(storage, seed=1)


BUDGET_CONTRACT: tuple[Check[BudgetStorage], ...] = (
    it_reserves_up_to_the_cap_and_no_further,
    it_checks_every_bound_before_it_changes_anything,
    a_new_reservation_replaces_the_runs_old_one,
    a_commit_records_what_was_spent_and_ends_the_reservation,
    large_amounts_are_exact,
    a_release_drops_the_reservation_and_may_be_repeated,
    a_reservation_lapses_when_its_lease_ends,
    spending_leaves_the_window_exactly_at_its_edge,
    spending_may_be_noted_out_of_order,
    it_keeps_what_the_longest_window_needs,
    many_at_once_never_pass_the_cap,
    it_agrees_with_a_plain_ledger,
)
