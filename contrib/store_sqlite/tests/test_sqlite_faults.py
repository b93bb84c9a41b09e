"""What can be wrong with a file ends in one typed sentence, and nothing acknowledged is lost."""

import os
import pickle
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from executus_store_sqlite import (
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreRefused,
    database,
    open_store,
    opening,
)

from executus.tools.store import Scope, ScratchQuota

FILLER = Path(__file__).parent / "support" / "filler.py"
SCOPE = Scope(agent="a")
NOBODY = 65534


def path_of(url):
    return Path(url.removeprefix("sqlite:///"))


async def opened(url):
    async with open_store(url) as store:
        await store.scratch().put(SCOPE, "k", "v")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    monkeypatch.setattr(opening, "_TRIES", 2)


@pytest.fixture
def unprivileged():
    """A folder of somebody whom permissions bind; they do not bind root."""
    with tempfile.TemporaryDirectory() as folder:
        root = not os.geteuid()
        if root:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)
            os.chmod(folder, 0o700)


@pytest.mark.parametrize(
    "text", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 200]
)
async def test_what_is_no_database_is_refused_and_left_as_it_was(url, text):
    path_of(url).write_bytes(text)
    with pytest.raises(StoreRefused, match="is not a database and cannot be opened as a store"):
        await opened(url)
    assert path_of(url).read_bytes() == text


async def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened: its folder must exist"):
        await opened(f"sqlite:///{tmp_path}")


async def test_an_empty_file_is_a_new_store(url):
    path_of(url).touch()
    await opened(url)


async def test_a_damaged_file_is_named_with_what_helps(url):
    await opened(url)
    with closing(sqlite3.connect(path_of(url))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((page,),) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'scratch' AND type = 'table'"
        )
        ((size,),) = connection.execute("PRAGMA page_size")
    with path_of(url).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    async with open_store(url) as store:
        with pytest.raises(StoreError, match=r"is damaged: go back to a backup"):
            await store.scratch().get(SCOPE, "k")
        assert await store.personas().names() == (), "what is whole can be read"


async def test_a_file_that_stays_locked_is_a_sentence(url, impatient):
    await opened(url)
    with closing(sqlite3.connect(path_of(url), isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreLocked, match="locked by another process"):
            await opened(url)
    await opened(url)


async def test_a_writer_that_takes_too_long_is_a_sentence_and_changes_nothing(url, impatient):
    async with open_store(url) as store:
        scratch = store.scratch()
        await scratch.put(SCOPE, "k", "before")
        with closing(sqlite3.connect(path_of(url), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreLocked):
                await scratch.put(SCOPE, "k", "meanwhile")
            assert await scratch.get(SCOPE, "k") == "before", "reading goes on"
        await scratch.put(SCOPE, "k", "after")


async def test_a_read_only_file_is_a_sentence(unprivileged):
    url = f"sqlite:///{unprivileged}/store.db"
    await opened(url)
    os.chmod(unprivileged / "store.db", 0o400)
    with pytest.raises(StoreReadOnly, match="needs to write the file and its folder"):
        await opened(url)


@pytest.mark.parametrize("there", [True, False])
async def test_a_read_only_folder_is_a_sentence(unprivileged, there):
    url = f"sqlite:///{unprivileged}/store.db"
    if there:
        await opened(url)
    os.chmod(unprivileged, 0o500)
    with pytest.raises(StoreError, match=r"write the file and its folder|able to write it"):
        await opened(url)


async def test_no_room_is_a_sentence_and_the_store_goes_on_when_there_is_some(url):
    quota = ScratchQuota(max_total_bytes=2**40)
    async with open_store(url) as store:
        scratch = store.scratch(quota)
        await scratch.put(SCOPE, "small", "before")
        rows = await store._database.rows("PRAGMA page_count")
        await store._database.rows(f"PRAGMA max_page_count = {rows[0][0] + 4}")
        with pytest.raises(StoreFull, match="has no room to grow; make room on its disk"):
            await scratch.put(SCOPE, "large", "x" * 60_000)
        assert await scratch.get(SCOPE, "small") == "before"
        assert await scratch.get(SCOPE, "large") is None
        await scratch.put(SCOPE, "small", "after")
        await store._database.rows("PRAGMA max_page_count = 1000000")
        await scratch.put(SCOPE, "large", "x" * 60_000)
    async with open_store(url) as store:
        assert await store.scratch().get(SCOPE, "small") == "after"


@pytest.mark.slow
def test_a_disk_that_takes_no_more_loses_nothing(url):
    command = [sys.executable, str(FILLER), url, "1000000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    error, kept = done.stdout.splitlines()
    assert error.startswith("StoreError") and "could not be read or written" in error
    assert int(kept) > 10
    with closing(sqlite3.connect(path_of(url))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM scratch").fetchall() == [(int(kept) + 1,)]


@pytest.mark.parametrize("kind", [StoreError, StoreFull, StoreLocked, StoreReadOnly, StoreRefused])
def test_errors_survive_pickling(kind):
    again = pickle.loads(pickle.dumps(kind("x.db is locked")))
    assert (type(again), str(again)) == (kind, "x.db is locked")
    assert isinstance(again, StoreError)


@pytest.mark.parametrize("key", ["a \ud800 b", "\udfff"])
async def test_text_that_is_no_unicode_is_refused_in_one_sentence(tmp_path, key):
    async with open_store(f"sqlite:///{tmp_path}/s.db") as store:
        with pytest.raises(StoreError, match="lone surrogates"):
            await store.scratch().put(SCOPE, key, "v")
        await store.scratch().put(SCOPE, "k", "v")
        assert await store.scratch().get(SCOPE, "k") == "v"


async def test_a_number_of_more_than_64_bits_is_refused_in_one_sentence(tmp_path):
    async with open_store(f"sqlite:///{tmp_path}/s.db") as store:
        with pytest.raises(StoreError, match="64 bits"):
            await store.budget().commit("r", {"all": 2**63}, 0)
