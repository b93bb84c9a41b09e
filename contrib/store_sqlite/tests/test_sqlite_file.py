"""A file is opened, refused, shared and closed cleanly, and keeps what was acknowledged."""

import os
import sqlite3

import anyio
import pytest
from executus_store_sqlite import StoreError, open_store, opening
from executus_store_sqlite.migrations import LATEST

from executus import Executor, Invocation, Ports, RunnableAgent
from executus.batteries import stores
from executus.batteries.audit import AuditLog
from executus.batteries.budget import Bound, BudgetRule, Reservation, RollingBudget
from executus.batteries.checkpoint import DurableCheckpointer


def look(url, sql):
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


async def spend(store, amount=1, run_id="r"):
    await store.budget().commit(run_id, {"a": amount}, 1_000)


async def used(store):
    return await store.budget().used("a", after_us=0, now_us=1_000)


async def test_everything_together_in_one_file(url):
    async with stores.open_store(url) as store:
        budget = RollingBudget(BudgetRule(max_tokens=100_000), storage=store.budget())
        audit = AuditLog(store.audit(), store.runs())
        journals = DurableCheckpointer(store.checkpoints(), keys=[b"k" * 16])
        ports = Ports(budget=budget, audit=audit, checkpointer=journals)
        agent = RunnableAgent(name="helper", model="fake", tools=["calc.*"])
        async with audit:
            result = await Executor(ports=ports).run(agent, Invocation("what is 6*7?", run_id="r"))
        assert (result.output, result.warnings) == ("42", ())
        assert (await store.runs().get("r")).output == "42"
        assert await journals.unfinished() == ()
    async with open_store(url) as again:
        assert {r.kind for r in await again.audit().read("r")} >= {"step", "tool_call"}
        budget = RollingBudget(BudgetRule(max_tokens=100_000), storage=again.budget())
        (use,) = await budget.used(caller="anonymous")
        assert use.used == result.usage.total > 0


async def test_a_missing_file_is_made_only_when_it_may_be(url, tmp_path):
    with pytest.raises(StoreError, match="there is no store at"):
        async with stores.open_store(url, create=False):
            pass
    assert list(tmp_path.iterdir()) == []
    async with open_store(url) as store:
        await spend(store)
    async with open_store(url, create=False) as store:
        assert await used(store) == 1


async def test_a_new_file_is_of_this_release_and_durable(url):
    async with open_store(url) as store:
        assert look(url, "PRAGMA user_version") == [(LATEST,)]
        assert look(url, "PRAGMA journal_mode") == [("wal",)]
        sync = await store._database.read(lambda t: t.rows("PRAGMA synchronous"))
        assert [tuple(row) for row in sync] == [(2,)], "FULL"


async def test_a_newer_file_is_refused_and_left_as_it_was(url):
    async with open_store(url):
        pass
    look(url, f"PRAGMA user_version = {LATEST + 1}")
    with pytest.raises(StoreError, match=f"version {LATEST + 1}.*pip install -U"):
        async with open_store(url):
            pass
    assert look(url, "PRAGMA user_version") == [(LATEST + 1,)]


async def test_somebody_elses_file_is_refused_and_left_as_it_was(url, tmp_path):
    look(url, "CREATE TABLE mine (a)")
    before = (tmp_path / "store.db").read_bytes()
    with pytest.raises(StoreError, match="something else"):
        async with open_store(url):
            pass
    assert (tmp_path / "store.db").read_bytes() == before


async def test_what_is_no_database_is_refused(url, tmp_path):
    (tmp_path / "store.db").write_text("not a database at all" * 100)
    with pytest.raises(StoreError, match="cannot be opened as a store"):
        async with open_store(url):
            pass


@pytest.mark.parametrize(
    "bad",
    [
        "sqlite://",
        "sqlite:///",
        "x.db",
        "sqlite:///:memory:",
        "sqlite:///a%00b",
        "sqlite:///a\ud800",
    ],
)
async def test_a_url_that_names_no_file_is_refused(bad):
    with pytest.raises(StoreError):
        async with open_store(bad):
            pass


async def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreError, match="its folder must exist"):
        async with open_store(f"sqlite:///{tmp_path}/none/x.db"):
            pass


def test_under_trio_it_is_one_sentence(url):
    async def use():
        async with open_store(url):
            pass

    with pytest.raises(StoreError, match="needs asyncio"):
        anyio.run(use, backend="trio")


async def test_a_closed_store_says_so(url):
    async with open_store(url) as store:
        pass
    with pytest.raises(StoreError, match="is closed"):
        await spend(store)


async def test_a_store_of_another_loop_says_so(store):
    def elsewhere():
        with pytest.raises(StoreError, match="event loop"):
            anyio.run(spend, store)

    await anyio.to_thread.run_sync(elsewhere)


async def test_no_thread_is_left(url, open_threads):
    async with open_store(url) as store:
        await spend(store)
        assert len(open_threads()) == 1
    assert open_threads() == []


async def test_a_write_that_fails_leaves_nothing_and_the_store_goes_on(store):
    with pytest.raises(StoreError, match="cannot store TEXT"):
        await store.budget().commit("r", {"a": 5, "b": "not a number"}, 1_000)
    assert await used(store) == 0
    await spend(store)
    assert await used(store) == 1


async def test_a_cancelled_write_is_done_whole_and_the_store_goes_on(url):
    """Cancelled at each moment of it: afterwards either all of it is there or nothing."""
    async with open_store(url) as store:
        for steps in range(12):
            before = await used(store)
            async with anyio.create_task_group() as group:
                group.start_soon(spend, store)
                for _ in range(steps):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
            assert await used(store) in (before, before + 1)
        await spend(store, 100)
        assert await used(store) >= 100


async def test_an_opening_that_is_cancelled_leaves_no_thread(url, open_threads):
    for steps in range(8):
        async with anyio.create_task_group() as group:

            async def use():
                async with open_store(url):
                    await anyio.sleep_forever()

            group.start_soon(use)
            for _ in range(steps):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
    assert open_threads() == []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_a_forked_child_is_refused_and_does_no_harm(url):
    async with open_store(url) as store:
        await spend(store)
        pid = os.fork()
        if not pid:
            try:
                store._database._check()
            except StoreError as error:
                os._exit(0 if "forked" in str(error) else 1)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        await spend(store)
        assert await used(store) == 2
    assert look(url, "PRAGMA integrity_check") == [("ok",)]


async def test_two_stores_share_a_file(url):
    async with open_store(url) as one, open_store(url) as two:
        held = Reservation(run_id="r", amounts={"a": 6}, now_us=1, expires_us=99)
        bound = Bound(account="a", cap=10, after_us=0)
        assert await one.budget().reserve(held, [bound]) is None
        other = Reservation(run_id="s", amounts={"a": 5}, now_us=1, expires_us=99)
        assert await two.budget().reserve(other, [bound]) == bound


async def test_many_may_make_the_file_at_once(url):
    async def one():
        async with open_store(url) as store:
            await spend(store)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(one)
    async with open_store(url) as store:
        assert await used(store) == 8


async def test_a_migration_that_fails_leaves_the_file_as_it_was(url, monkeypatch):
    monkeypatch.setattr(opening, "statements", lambda n: ["CREATE TABLE a (b)", "NONSENSE"])
    with pytest.raises(StoreError):
        async with open_store(url):
            pass
    assert look(url, "SELECT * FROM sqlite_schema") == []
    monkeypatch.undo()
    async with open_store(url) as store:
        await spend(store)
