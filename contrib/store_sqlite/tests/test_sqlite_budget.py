"""Budgets in a file agree with a plain ledger, in hardly more steps however many rows there are."""

import sqlite3
from contextlib import closing
from itertools import cycle

import aiosqlite
import pytest
from executus_store_sqlite import open_store
from executus_store_sqlite.budget import SqliteBudgetStorage
from executus_store_sqlite.database import Database

from executus.batteries.budget import MAX_WINDOW_DAYS, Bound, Reservation
from executus.testing.contracts.ledger import compare_with_ledger

NOW = 1_800_000_000_000_000
WEEK = 7 * 86_400_000_000
KEPT = MAX_WINDOW_DAYS * 86_400_000_000
SUMS = ("spent_sum", "reserved_sum")


def raw(url):
    return closing(sqlite3.connect(url.removeprefix("sqlite:///")))


def sums(connection, table):
    return connection.execute(f"SELECT * FROM {table} WHERE amount").fetchall()


def rebuilt(connection, rows, moment):
    """What the sums must be, from the rows themselves."""
    return connection.execute(
        f"SELECT account, bits, {moment} >> bits, sum(amount) AS amount FROM {rows} "
        "CROSS JOIN scale GROUP BY 1, 2, 3 HAVING sum(amount) ORDER BY 1, 2, 3"
    ).fetchall()


def assert_sums_are_those_of_the_rows(url):
    with raw(url) as connection:
        assert sums(connection, "spent_sum") == rebuilt(connection, "spent", "at_us")
        assert sums(connection, "reserved_sum") == rebuilt(connection, "reserved", "expires_us")


class Turns:
    """Several storages of one file; each call goes to the next."""

    def __init__(self, *storages):
        self._next = cycle(storages)

    def __getattr__(self, name):
        return getattr(next(self._next), name)


@pytest.mark.parametrize("seed", range(10))
async def test_it_agrees_with_a_plain_ledger_over_two_connections(url, seed):
    async with open_store(url) as one, open_store(url) as two:
        await compare_with_ledger(Turns(one.budget(), two.budget(), one.budget()), seed)
    assert_sums_are_those_of_the_rows(url)


async def steps(url, spent, reserved):
    """The steps of SQLite's machine for each method, when so much is in the file."""
    async with open_store(url):
        pass
    with raw(url) as file, file:
        file.executemany("INSERT INTO spent VALUES ('a', ?, 1, 'old')", [(at,) for at in spent])
        held = [(f"h{number}", expires) for number, expires in enumerate(reserved)]
        file.executemany("INSERT INTO reserved VALUES (?, 'a', 1, ?)", held)
    counted, taken = {}, [0]

    def count():
        taken[0] += 1

    bounds = [Bound(account="a", cap=10**9, after_us=NOW - WEEK // n + 12_345) for n in (1, 2, 7)]
    mine = Reservation(run_id="r", amounts={"a": 5}, now_us=NOW, expires_us=NOW + WEEK // 2)
    async with aiosqlite.connect(url.removeprefix("sqlite:///"), isolation_level=None) as opened:
        budget = SqliteBudgetStorage(Database(opened, url))
        await opened.set_progress_handler(count, 1)
        for name, call in {
            "reserve": lambda: budget.reserve(mine, bounds),
            "extend": lambda: budget.reserve(mine, bounds),
            "used": lambda: budget.used("a", after_us=NOW - WEEK // 3, now_us=NOW),
            "release": lambda: budget.release("r"),
            "commit": lambda: budget.commit("r", {"a": 5}, NOW),
            "commit of old": lambda: budget.commit("r", {"a": 5}, NOW - WEEK // 3),
        }.items():
            taken[0] = 0
            await call()
            counted[name] = taken[0]
    return counted


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
async def test_a_call_takes_hardly_more_steps_for_two_hundred_times_the_rows(tmp_path, few, many):
    before = await steps(f"sqlite:///{tmp_path}/few.db", *few)
    after = await steps(f"sqlite:///{tmp_path}/many.db", *many)
    assert min(before.values()) > 0
    assert max(before.values()) < 5_000
    assert {name: after[name] for name in before if after[name] > 2 * before[name]} == {}


async def test_what_no_window_reaches_and_what_has_lapsed_leaves_no_sums(url):
    async with open_store(url) as store:
        budget = store.budget()
        for number in range(20):
            held = Reservation(
                run_id=f"r{number}", amounts={"a": 1}, now_us=NOW, expires_us=NOW + 9
            )
            await budget.reserve(held, [])
            await budget.commit(f"s{number}", {"a": 1, "b": 0}, NOW + number % 2)
        await budget.commit("last", {}, NOW + KEPT)
        assert await budget.used("a", after_us=0, now_us=NOW) == 10
        await budget.commit("last", {}, NOW + KEPT + 1)
    with raw(url) as file:
        for table in ("spent", "reserved", *SUMS):
            assert file.execute(f"SELECT * FROM {table}").fetchall() == []


async def test_what_an_older_release_still_writes_is_summed_too(store, url):
    with raw(url) as file, file:
        file.execute("INSERT INTO spent VALUES ('a', ?, 4, 'old')", (NOW,))
        file.execute("INSERT INTO reserved VALUES ('old', 'a', 3, ?)", (NOW + 9,))
    budget = store.budget()
    assert await budget.used("a", after_us=NOW - 1, now_us=NOW) == 7
    with raw(url) as file, file:
        file.execute("DELETE FROM reserved WHERE run_id = 'old'")
    assert await budget.used("a", after_us=NOW - 1, now_us=NOW) == 4
