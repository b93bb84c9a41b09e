"""A real process, killed while runs execute: what it acknowledged is there, nothing is broken."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from executus_gateway.assembly import open_local
from executus_gateway.schema import TaskRun

SCRIPT = Path(__file__).parent / "support" / "killed.py"


async def killed(home, place, after_lines=None):
    """The events a process acknowledged before it was killed."""
    process = await anyio.open_process(
        [sys.executable, str(SCRIPT), str(home), str(place)], stderr=subprocess.DEVNULL
    )
    told = b""
    with anyio.fail_after(60):
        try:
            while after_lines is None or told.count(b"\n") < after_lines:
                told += await process.stdout.receive()
            process.send_signal(signal.SIGKILL)
            while True:
                told += await process.stdout.receive()
        except anyio.EndOfStream:
            pass
        assert await process.wait() == -signal.SIGKILL
    await process.stdout.aclose()
    return [line.split() for line in told.decode().split("\n")[:-1]]


async def judged(home, acknowledged):
    """What a next process finds: all that was told, at most one event more, and it goes on."""
    last = int(acknowledged[-1][0]) if acknowledged else 0
    async with open_local(home) as gateway:
        runs = gateway.ledger.all(TaskRun)
        told = [kind for _, kind in acknowledged]
        assert sum(run.state == "completed" for run in runs) >= told.count("run.completed")
        assert len(runs) >= told.count("run.started")
        assert len(runs) <= told.count("run.started") + 1
        assert all(run.state in {"completed", "interrupted"} for run in runs)
        assert gateway.ledger.sequence >= last
        assert (await gateway.execute("return 'on'")).outcome.value == "on"
    async with open_local(home) as gateway:
        assert len(gateway.runs()) == len(runs) + 1


@pytest.mark.slow
@pytest.mark.parametrize("place", [1, -1, 2, -2, 3, -5])
async def test_10_a_kill_at_a_sync_loses_nothing_that_was_acknowledged(home, place):
    await judged(home, await killed(home, place))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
async def test_10_kills_at_random_moments_one_after_the_other(home, seed):
    chance = random.Random(seed)
    total = 0
    for _ in range(2):
        acknowledged = await killed(home, 0, after_lines=chance.randrange(1, 30))
        total += sum(kind == "run.started" for _, kind in acknowledged)
        async with open_local(home) as gateway:
            assert len(gateway.runs()) >= total
            assert int(acknowledged[-1][0]) <= gateway.ledger.sequence
            total = len(gateway.runs())
