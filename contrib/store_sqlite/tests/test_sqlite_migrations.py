"""A file of every version there ever was is brought up to date, with all that is in it."""

import hashlib
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
import sample
from executus_store_sqlite import StoreRefused, open_store
from executus_store_sqlite.migrations import LATEST

HERE = Path(__file__).parent
DUMPS = HERE / "dumps"
VERSIONS = range(1, LATEST + 1)
# What has been committed is never edited: files made by it are out there.
COMMITTED = {
    "0001_begin.sql": "a39374012c4e3f45bb3ca5614c36c059dedf7df16823aace7acf58a67b98c15e",
    "0002_keep_the_rest.sql": "deb91d74d30af7281eba6033489c88c4f776552bcfbb88b4d8290870a364418c",
}


def make(url, version):
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.executescript((DUMPS / f"{version:04}.sql").read_text())


def schema(url):
    """Tables, columns and indexes, however they came to be."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        names = connection.execute("SELECT type, name, tbl_name FROM sqlite_schema").fetchall()
        tables = sorted({table for _, _, table in names})
        columns = {t: connection.execute(f"PRAGMA table_info({t})").fetchall() for t in tables}
        versions = connection.execute("PRAGMA user_version").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return sorted(names), columns, versions


async def assert_first(store):
    assert await store.budget().used("a", after_us=0, now_us=sample.US) == 8
    assert await store.audit().read("r") == (sample.DENIAL,)
    assert await store.audit().read("q") == (sample.PLAIN,)
    assert await store.runs().get("r") == sample.RUN
    assert await store.runs().get("s") == sample.GOES_ON
    assert await store.checkpoints().load("s") == ("one", "zwei ü \ud800")


async def assert_second(store):
    assert await store.personas().names() == ("guide",)
    assert (await store.personas().get("guide")).tools == sample.PERSONA.tools
    assert await store.notes().get("guide", "ann") == ("likes tea",)
    assert (await store.skills().get("haiku")).instructions == sample.SKILL.instructions
    (kept,) = await store.schedule().list()
    assert (kept.job, kept.next_fire) == (sample.JOB, sample.AT)
    assert not await store.schedule().lease("two", sample.AT, sample.AT)
    assert await store.scratch().get(sample.SCOPE, "todo") == "milk"


def test_there_is_a_dump_of_every_version_and_none_is_edited():
    folder = files("executus_store_sqlite.migrations")
    found = {
        one.name: hashlib.sha256(one.read_bytes()).hexdigest()
        for one in folder.iterdir()
        if one.name.endswith(".sql")
    }
    assert found == COMMITTED
    assert [path.name for path in sorted(DUMPS.glob("*.sql"))] == [f"{n:04}.sql" for n in VERSIONS]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_file_of_each_version_is_brought_up_to_date(url, tmp_path, version):
    make(url, version)
    assert schema(url)[2] == [(version,)]
    async with open_store(url) as store:
        await assert_first(store)
        if version >= 2:
            await assert_second(store)
        else:
            await sample.write_second(store)
            await assert_second(store)
    new = f"sqlite:///{tmp_path}/new.db"
    async with open_store(new):
        pass
    assert schema(url) == schema(new)


async def test_what_an_older_release_wrote_grows_old_too(url):
    make(url, 1)
    async with open_store(url) as store:
        ended = sample.RUN.ended
        assert await store.runs().prune(ended - timedelta(milliseconds=1)) == 0
        assert await store.runs().prune(ended + timedelta(milliseconds=1)) == 1
        assert await store.runs().get("s") == sample.GOES_ON
        assert await store.audit().prune(sample.AT - timedelta(milliseconds=1)) == 0
        # A record with a number that is no JSON has no time that SQL could read: it is kept.
        assert await store.audit().prune(sample.AT + timedelta(milliseconds=1)) == 1
        assert await store.audit().read("r") == (sample.DENIAL,)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_newer_file_is_refused_whatever_is_in_it(url, version):
    make(url, version)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    before = Path(url.removeprefix("sqlite:///")).read_bytes()
    with pytest.raises(StoreRefused, match=f"of version {LATEST + 1}, this release reads up to"):
        async with open_store(url):
            pass
    assert Path(url.removeprefix("sqlite:///")).read_bytes() == before


@pytest.mark.slow
async def test_processes_that_migrate_at_once_do_it_once(url):
    make(url, 1)
    command = [sys.executable, str(HERE / "support" / "opener.py"), url]
    processes = [
        subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(4)
    ]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=100)[1] for process in processes]
    assert errors == [""] * 4
    assert schema(url)[2] == [(LATEST,)]
    async with open_store(url) as store:
        await assert_first(store)
        assert await store.budget().used("b", after_us=0, now_us=1_000) == 4
