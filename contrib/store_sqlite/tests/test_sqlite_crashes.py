"""A process is killed at random: nothing acknowledged is lost, no write is done twice."""

import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

WORKER = Path(__file__).parent / "support" / "worker.py"


def start(url, world, first, count):
    command = [sys.executable, str(WORKER), url, str(world), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lengths(url):
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        sql = "SELECT run_id, count(*), max(position) FROM journal GROUP BY run_id"
        found = connection.execute(sql).fetchall()
    finally:
        connection.close()
    assert all(count == last + 1 for _, count, last in found), "a journal has a gap"
    return {run_id: count for run_id, count, _ in found}


def killed(url, world, first, dice):
    """Kill a worker after so many lines, and a little later; what it had said."""
    process = start(url, world, first, 1000)
    said = [process.stdout.readline().split() for _ in range(dice.randint(1, 40))]
    for _ in range(dice.randint(0, 20_000)):
        pass  # somewhere in the middle of what comes next
    process.send_signal(signal.SIGKILL)
    # Not `communicate`: it reads past what `readline` has in its buffer, and loses that. A lost
    # `ending` line looks like a lost journal, when this process is slower than the one it reads.
    with process.stdout, process.stderr:
        rest, error = process.stdout.read(), process.stderr.read()
    process.wait(timeout=100)
    whole = rest[: rest.rfind("\n") + 1]
    assert_only_doubts(error)
    return said + [line.split() for line in whole.splitlines()]


def assert_only_doubts(error):
    """A resumed run says which write it did not repeat, and nothing else is wrong."""
    assert [line for line in error.splitlines() if not line.endswith("it is in doubt")] == []


def crash(url, world, rounds, seed):
    dice, made = random.Random(seed), 0
    for _ in range(rounds):
        said = killed(url, world, made, dice)
        assert not [line for line in said if line[0] == "FAILED"]
        acknowledged = {line[1]: int(line[2]) for line in said if line[0] == "ack"}
        ending = {line[1] for line in said if line[0] == "ending"}
        there = lengths(url)
        for run_id, length in acknowledged.items():
            assert there.get(run_id, 0) >= length or run_id in ending, f"{run_id} lost entries"
        known = [run_id for line in said for run_id in line[1:2] if run_id.startswith("r")]
        made = max([made, *(int(run_id[1:]) + 1 for run_id in [*known, *there])])
    last = start(url, world, made, 1)
    out, error = last.communicate(timeout=100)
    assert last.returncode == 0, error
    assert_only_doubts(error)
    assert "FAILED" not in out
    assert lengths(url) == {}, "every run has ended"
    lines = Counter(world.read_text().splitlines())
    assert [line for line, times in lines.items() if times > 1] == [], "a write was done twice"
    return lines


@pytest.mark.slow
def test_killed_at_random_a_process_loses_nothing_and_repeats_no_write(url, tmp_path):
    lines = crash(url, tmp_path / "world", rounds=4, seed=1)
    assert len(lines) >= 3


@pytest.mark.long
@pytest.mark.timeout(290)
@pytest.mark.parametrize("seed", range(2, 6))
def test_killed_at_random_for_long(url, tmp_path, seed):
    crash(url, tmp_path / "world", rounds=25, seed=seed)
