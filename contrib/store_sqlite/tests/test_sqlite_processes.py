"""Several processes never pass a cap together and lose nothing; the dead hold nothing for long."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from executus_store_sqlite import open_store
from spender import LEASE_US, NOW, reservation

from executus import Invocation, Limits
from executus.batteries.budget import Bound, BudgetRule, RollingBudget
from executus.errors import BudgetExceeded
from executus.identity import Caller
from executus.run import RunInfo
from executus.testing import FakeClock
from majordomo.llm import Usage

SPENDER = Path(__file__).parent / "support" / "spender.py"
SOAK = int(os.environ.get("BUDGET_SOAK", "0"))
"""Runs of each of the eight processes, for the long form; `make soak` sets it."""


def start(url, name, *words):
    command = [sys.executable, str(SPENDER), url, name, *map(str, words)]
    return subprocess.Popen(command, stdout=-1, stderr=-1, text=True)


async def spend_together(url, runs, cap, patience_s=100):
    begun = time.monotonic()
    processes = [start(url, f"p{number}", runs, cap) for number in range(8)]
    ended = [
        (*process.communicate(timeout=patience_s), process.returncode) for process in processes
    ]
    assert [error for _, error, code in ended if code] == []
    spent = sum(int(out) for out, _, _ in ended)
    print(f"8 x {runs} in {time.monotonic() - begun:.0f} s: {spent} of {cap} spent")
    async with open_store(url) as store:
        used = await store.budget().used("a", after_us=0, now_us=NOW)
    figures = {"survived": 8 * runs, "leaked": max(0, used - spent), "lost": max(0, spent - used)}
    print("soak:", json.dumps({"part": "budgets", "cases": 8 * runs, **figures}))
    assert used == spent
    return spent


@pytest.mark.slow
async def test_eight_processes_never_pass_a_cap_and_lose_nothing(url):
    spent = await spend_together(url, runs=10, cap=100)
    assert 90 <= spent <= 100


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not SOAK, reason="set BUDGET_SOAK to 10000")
async def test_eight_processes_for_long(url):
    cap = SOAK * 10  # about twelve would be spent
    spent = await spend_together(url, runs=SOAK, cap=cap, patience_s=3500)
    assert cap - 5 <= spent <= cap


@pytest.mark.slow
async def test_what_a_killed_process_held_lapses_and_what_it_spent_stays(url):
    process = start(url, "dead", 5, 1000, "hold")
    word, spent = process.stdout.readline().split()
    process.kill()
    process.communicate()
    assert word == "holding"
    spent = int(spent)
    async with open_store(url) as store:
        budget, end = store.budget(), NOW + LEASE_US
        assert await budget.used("a", after_us=0, now_us=end - 1) == spent + 5
        assert await budget.used("a", after_us=0, now_us=end) == spent
        full = Bound(account="a", cap=spent + 5, after_us=0)
        assert await budget.reserve(reservation("next", 1), [full]) == full


def info(run_id):
    return RunInfo(
        run_id=run_id,
        parent=None,
        root=run_id,
        agent="helper",
        caller=Caller(id="ann"),
        limits=Limits(max_tokens=60),
        invocation=Invocation("go"),
        started=datetime(2026, 1, 1, tzinfo=UTC),
    )


async def test_a_window_of_a_week_is_exact_at_its_edge_over_a_restart(url):
    clock = FakeClock()
    rule = BudgetRule(max_tokens=100)
    async with open_store(url) as store:
        budget = RollingBudget(rule, storage=store.budget(), clock=clock)
        await budget.reserve(info("one"))
        await budget.commit("one", Usage(input=60, output=0, requests=1), None)
    clock.advance(7 * 86_400 - 0.000_001)
    async with open_store(url) as store:
        budget = RollingBudget(rule, storage=store.budget(), clock=clock)
        with pytest.raises(BudgetExceeded):
            await budget.reserve(info("two"))
        clock.advance(0.000_001)
        await budget.reserve(info("two"))
