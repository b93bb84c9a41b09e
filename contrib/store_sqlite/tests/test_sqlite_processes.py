"""Several processes never pass a cap together, and lose nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from executus_store_sqlite import open_store

SPENDER = Path(__file__).parent / "support" / "spender.py"
NOW = 1_800_000_000_000_000


async def spend_together(url, runs, cap):
    command = [sys.executable, str(SPENDER), url]
    processes = [
        subprocess.Popen([*command, f"p{n}", str(runs), str(cap)], stdout=-1, stderr=-1, text=True)
        for n in range(8)
    ]
    ended = [(*process.communicate(timeout=280), process.returncode) for process in processes]
    assert [error for _, error, code in ended if code] == []
    spent = sum(int(out) for out, _, _ in ended)
    async with open_store(url) as store:
        assert await store.budget().used("a", after_us=0, now_us=NOW) == spent
    return spent


@pytest.mark.slow
async def test_eight_processes_never_pass_a_cap_and_lose_nothing(url):
    spent = await spend_together(url, runs=10, cap=100)
    assert 90 <= spent <= 100


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_eight_processes_for_long(url):
    assert await spend_together(url, runs=400, cap=100_000) > 5_000
