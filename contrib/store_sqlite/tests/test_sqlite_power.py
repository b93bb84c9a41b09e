"""The machine loses power: what is on disk is a prefix of what was acknowledged, and sound.

Modelled: the end of the write-ahead log is lost at any byte, and what follows is nothing, zeros or
what was there before; sectors of a transaction that was not acknowledged arrive in any selection; a
checkpoint has written any part of its pages; the files as they are at any instant of a process that
writes. That an acknowledgement waits for the disk is seen by strace, where there is one.

Not modelled: a disk that says it has synced and has not, and a file system that loses names.
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from executus_store_sqlite import open_store
from scribe import BATCH

SCRIBE = Path(__file__).parent / "support" / "scribe.py"
HEADER, FRAME_HEADER, SECTOR = 32, 24, 512
TRANSACTIONS = 7
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def found(folder, main, log):
    """How many entries a file and its log come to, when they are opened after the cut."""
    path = folder / "cut.db"
    path.write_bytes(main)
    Path(f"{path}-wal").write_bytes(log)
    Path(f"{path}-shm").unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        sql = "SELECT count(*), coalesce(max(position) + 1, 0) FROM journal"
        ((count, end),) = connection.execute(sql).fetchall()
    finally:
        connection.close()
    assert count == end, "a journal has a gap"
    assert not count % BATCH, "half a transaction"
    return count


def frames_end(log):
    """Where the valid frames end: the rest is of an earlier generation of the log."""
    size, salt = frame_bytes(log), log[16:24]
    end = HEADER
    while log[end + 8 : end + 16] == salt:
        end += size
    return end


def frame_bytes(log):
    return FRAME_HEADER + int.from_bytes(log[8:12], "big")


class Written:
    """Two generations of a store's files: one in the file, one in the log over an older one.

    Attributes:
        main, log: The files at the end.
        old: The log before the second generation.
        ends: Where the frames of each acknowledged transaction of the second one end.
        base: Entries of the first one.
    """

    async def write(self, store, folder):
        journals, database = store.checkpoints(), folder / "store.db"
        self.ends, at = [], 0
        for generation in range(2):
            self.old = read(database, "-wal")
            for _ in range(TRANSACTIONS):
                entries = [f"{at + n} {'x' * 700 * n}" for n in range(BATCH)]
                await journals.append("r", at, entries, NOW)
                at += BATCH
                if generation:
                    self.ends.append(frames_end(read(database, "-wal")))
            if not generation:
                self.base = at
                await checkpoint(store)
        self.main, self.log = read(database), read(database, "-wal")
        return self

    def lasting(self, log):
        """Entries whose frames are all in this log as they were written."""
        return self.base + BATCH * sum(log[:end] == self.log[:end] for end in self.ends)


def read(database, suffix=""):
    return Path(f"{database}{suffix}").read_bytes()


async def checkpoint(store):
    """Move everything from the log into the file, so that the log begins anew."""
    connection = store._database._connection
    ((busy, _, _),) = await connection.execute_fetchall("PRAGMA wal_checkpoint(RESTART)")
    assert not busy


@pytest.fixture
async def written(store, tmp_path):
    return await Written().write(store, tmp_path)


def cuts(written):
    """Every boundary between frames, and places within them."""
    size = frame_bytes(written.log)
    within = (0, 1, FRAME_HEADER - 1, FRAME_HEADER, FRAME_HEADER + SECTOR, size // 2, size - 1)
    for start in range(HEADER, written.ends[-1], size):
        yield from (start + offset for offset in within)
    yield written.ends[-1]


TAILS = {
    "nothing": lambda written, cut: b"",
    "zeros": lambda written, cut: bytes(len(written.log) - cut),
    "the_old_log": lambda written, cut: written.old[cut:],
    "noise": lambda written, cut: random.Random(cut).randbytes(len(written.log) - cut),
}


@pytest.mark.slow
@pytest.mark.parametrize("tail", TAILS)
async def test_a_log_cut_anywhere_is_what_was_acknowledged_before_the_cut(written, tmp_path, tail):
    counts = set()
    for cut in cuts(written):
        log = written.log[:cut] + TAILS[tail](written, cut)
        count = found(tmp_path, written.main, log)
        assert count == written.lasting(log), f"cut at {cut}"
        counts.add(count)
    assert len(counts) == TRANSACTIONS + 1


@pytest.mark.slow
async def test_sectors_that_were_not_synced_may_arrive_in_any_selection(written, tmp_path):
    *_, begin, end = written.ends
    dice = random.Random(1)
    sectors = range(begin // SECTOR, -(-end // SECTOR))
    whole = written.lasting(written.log)
    for _ in range(200):
        log = bytearray(written.log)
        lost = [sector for sector in sectors if dice.random() < 0.3]
        for sector in lost:
            start = max(begin, sector * SECTOR)
            stop = min(end, (sector + 1) * SECTOR)
            log[start:stop] = written.old[start:stop].ljust(stop - start, b"\0")
        count = found(tmp_path, written.main, bytes(log))
        assert count in (whole - BATCH, whole)
        assert count == whole or lost


@pytest.mark.slow
async def test_a_checkpoint_cut_off_anywhere_loses_nothing(written, store, tmp_path):
    await checkpoint(store)
    after, dice = read(tmp_path / "store.db"), random.Random(1)
    assert after != written.main
    whole = written.lasting(written.log)
    before = written.main.ljust(len(after), b"\0")
    for _ in range(100):
        torn = b"".join(
            (after if dice.random() < 0.5 else before)[start : start + SECTOR]
            for start in range(0, len(after), SECTOR)
        )
        assert found(tmp_path, torn, written.log) == whole


async def test_without_its_log_a_file_has_lost_what_the_log_had(written, tmp_path):
    """The model can tell: it is the log that keeps the acknowledged, not luck."""
    assert found(tmp_path, written.main, b"") == written.base


async def test_a_store_opens_what_a_cut_has_left(written, tmp_path):
    log = written.log[: written.ends[3] + 100]
    assert found(tmp_path, written.main, log) == written.lasting(log)
    async with open_store(f"sqlite:///{tmp_path}/cut.db") as again:
        journals = again.checkpoints()
        there = len(await journals.load("r"))
        await journals.append("r", there, ["one more"], NOW)
        assert len(await journals.load("r")) == there + 1 == written.lasting(log) + 1


def start(url, diary, count, *before):
    return subprocess.Popen([*before, sys.executable, str(SCRIBE), url, str(diary), str(count)])


@pytest.mark.slow
def test_at_any_instant_the_files_hold_what_was_acknowledged(url, tmp_path):
    diary, dice, acknowledged = tmp_path / "diary", random.Random(1), 0
    process = start(url, diary, 1_000_000)
    try:
        while acknowledged < 100 * BATCH:
            for _ in range(dice.randint(0, 200_000)):
                pass
            os.kill(process.pid, signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
            if diary.exists() and diary.stat().st_size:
                acknowledged = BATCH * diary.stat().st_size
                main, log = read(tmp_path / "store.db"), read(tmp_path / "store.db", "-wal")
                there = found(tmp_path, main, log)
                assert acknowledged <= there <= acknowledged + BATCH
            os.kill(process.pid, signal.SIGCONT)
    finally:
        process.kill()
        process.wait()


def traceable():
    """Whether strace is there, and may be used."""
    strace = shutil.which("strace")
    if strace is None:
        return False
    return not subprocess.run([strace, "true"], check=False, capture_output=True).returncode


@pytest.mark.slow
@pytest.mark.skipif(not traceable(), reason="needs strace")
def test_nothing_is_acknowledged_before_the_disk_has_it(url, tmp_path):
    diary, trace = tmp_path / "diary", tmp_path / "trace"
    calls = "trace=pwrite64,write,fsync,fdatasync"
    strace = ("strace", "-f", "-y", "-q", "-s", "1", "-o", str(trace), "-e", calls)
    process = start(url, diary, 20, *strace)
    assert process.wait(timeout=100) == 0
    assert acknowledgements(trace.read_text(), str(diary)) == 20


def acknowledgements(trace, diary):
    """How many there were; before each of them the log was synced."""
    dirty, syncing, count = False, set(), 0
    for line in trace.splitlines():
        thread, _, call = line.partition(" ")
        if "-wal>" in call and "sync(" not in call:
            dirty = True
        elif "-wal>" in call and "unfinished" in call:
            syncing.add(thread)
        elif "-wal>" in call or ("sync resumed" in call and thread in syncing):
            dirty = False
            syncing.discard(thread)
        elif f"{diary}>" in call and "write(" in call:
            count += 1
            assert not dirty, "acknowledged, and the log was not synced"
    return count
