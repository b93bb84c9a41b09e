"""The log is folded into the snapshot past a size; a kill anywhere in it loses nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from executus_gateway.domain import Ledger
from executus_gateway.local import FileStore
from executus_gateway.schema import LOCAL_WORKSPACE, PolicyRule

from executus.testing import FakeClock

SCRIPT = Path(__file__).parents[1] / "support" / "foldkilled.py"
PLACES = 40


def rule(number, reason=""):
    return PolicyRule(
        id=f"pol_{number}",
        workspace=LOCAL_WORKSPACE,
        pattern="a.*",
        action="deny",
        reason=reason,
    )


def ledger(folder, log_bytes=1000):
    store = FileStore(folder, log_bytes=log_bytes)
    return Ledger(store, new_id=lambda prefix: f"{prefix}_1", clock=FakeClock()), store


def sizes(folder):
    return (folder / "events.jsonl").stat().st_size, (folder / "snapshot.json").stat().st_size


async def known(folder):
    book, store = ledger(folder)
    await book.open()
    found = {one.id for one in book.all(PolicyRule)}
    await store.aclose()
    return found


async def test_a_log_past_its_size_is_folded_and_goes_on(tmp_path):
    book, store = ledger(tmp_path)
    await book.open()
    await book.commit("policy.added", rule(0))
    assert not (tmp_path / "snapshot.json").exists()
    await book.commit("policy.added", rule(1, reason="x" * 1000))
    log, snapshot = sizes(tmp_path)
    assert log == 0
    assert snapshot > 1000
    await book.commit("policy.added", rule(2))
    await store.aclose()
    assert await known(tmp_path) == {"pol_0", "pol_1", "pol_2"}


async def test_a_long_history_is_not_written_again_for_a_little_news(tmp_path):
    book, store = ledger(tmp_path)
    await book.open()
    await book.commit("policy.added", rule(0, reason="x" * 20_000))
    written = (tmp_path / "snapshot.json").stat().st_mtime_ns
    for number in range(1, 21):
        await book.commit("policy.added", rule(number))
    assert (tmp_path / "snapshot.json").stat().st_mtime_ns == written
    log, snapshot = sizes(tmp_path)
    assert 1000 < log < snapshot
    await store.aclose()


async def test_a_log_that_is_long_at_the_start_is_folded_then(tmp_path):
    book, store = ledger(tmp_path, log_bytes=1_000_000)
    await book.open()
    for number in range(10):
        await book.commit("policy.added", rule(number))
    await store.aclose()
    assert (tmp_path / "events.jsonl").stat().st_size > 1000
    assert await known(tmp_path) == {f"pol_{number}" for number in range(10)}
    log, snapshot = sizes(tmp_path)
    assert log == 0
    assert snapshot > 1000


@pytest.mark.parametrize("broken", ["fsync", "ftruncate"])
async def test_a_fold_that_fails_costs_no_event(tmp_path, monkeypatch, caplog, broken):
    book, store = ledger(tmp_path)
    await book.open()
    real = store.fold
    calls = []

    async def full(snapshot):
        calls.append(snapshot.sequence)

        def fail(*args):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, broken, fail)
            await real(snapshot)

    monkeypatch.setattr(store, "fold", full)
    async with book.watch() as events:
        for number in range(30):
            await book.commit("policy.added", rule(number))
            assert (await anext(events)).sequence == number + 1
    assert len(calls) == 1  # not at each event
    assert "the log cannot be folded into the snapshot: No space left" in caplog.text
    monkeypatch.undo()
    await store.aclose()
    assert await known(tmp_path) == {f"pol_{number}" for number in range(30)}


@pytest.mark.slow
async def test_10_a_kill_at_every_step_of_folding_loses_nothing_that_was_acknowledged(tmp_path):
    ended = subprocess.run(
        [sys.executable, SCRIPT, tmp_path, str(PLACES)], check=True, stdout=subprocess.PIPE
    )
    died_at = int(ended.stdout)
    assert 25 < died_at <= PLACES
    folded = 0
    for place in [*range(1, died_at + 1), *range(-died_at, 0)]:
        told = len(Path(f"{tmp_path / str(place)}.told").read_bytes())
        found = await known(tmp_path / str(place))
        assert {f"pol_{number}" for number in range(told)} <= found, place
        assert len(found) <= told + 1, place
        folded += (tmp_path / str(place) / "snapshot.json").exists()
    assert folded > died_at
