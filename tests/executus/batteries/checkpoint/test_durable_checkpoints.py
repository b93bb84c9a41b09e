"""Journals outlive the process, tell who may go on, and are refused when they were changed."""

import json
from datetime import UTC, datetime

import pytest

from executus import Executor, Invocation, Ports, RunnableAgent
from executus.batteries.checkpoint import (
    DurableCheckpointer,
    JournalRefused,
    MemoryJournalStorage,
    UnfinishedRun,
    journal_conflict,
)
from executus.errors import SetupError
from executus.run import JournalConflict
from executus.testing import FakeClock
from executus.testing.contracts import JOURNAL_CONTRACT, ContractBroken
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider, Reply

KEY, OTHER = b"k" * 16, b"o" * 32


class FolderStorage:
    """A host's own: one JSON text per run."""

    def __init__(self):
        self.files = {}

    def _read(self, run_id):
        return json.loads(self.files.get(run_id, '{"entries": []}'))

    async def append(self, run_id, at, entries, now):
        file = self._read(run_id)
        if len(file["entries"]) != at:
            raise journal_conflict(run_id, at, len(file["entries"]))
        begun = file.get("begun", now.isoformat())
        whole = {"entries": [*file["entries"], *entries], "begun": begun, "now": now.isoformat()}
        self.files[run_id] = json.dumps(whole)

    async def load(self, run_id):
        return self._read(run_id)["entries"]

    async def end(self, run_id):
        self.files.pop(run_id, None)

    async def unfinished(self):
        runs = [
            UnfinishedRun(
                run_id=run_id,
                entries=len(self._read(run_id)["entries"]),
                begun=datetime.fromisoformat(self._read(run_id)["begun"]),
                touched=datetime.fromisoformat(self._read(run_id)["now"]),
            )
            for run_id in self.files
        ]
        return sorted(runs, key=lambda run: run.touched)


@pytest.mark.parametrize("storage", [MemoryJournalStorage, FolderStorage])
@pytest.mark.parametrize("check", JOURNAL_CONTRACT, ids=lambda check: check.__name__)
async def test_the_contract_holds(check, storage):
    await check(storage())


class Overwrites(FolderStorage):
    async def append(self, run_id, at, entries, now):
        await super().append(run_id, len(self._read(run_id)["entries"]), entries, now)


async def held(contract, implementation):
    for check in contract:
        await check(implementation())


async def test_the_contract_finds_a_broken_storage():
    with pytest.raises(ContractBroken, match="was refused"):
        await held(JOURNAL_CONTRACT, Overwrites)


@pytest.mark.parametrize("keys", [(), (KEY,)])
async def test_what_is_appended_is_loaded(keys):
    journals = DurableCheckpointer(keys=keys)
    await journals.append("r", 0, ["a:b", "b"])
    await journals.append("r", 2, ["c"])
    assert await journals.load("r") == ("a:b", "b", "c")
    with pytest.raises(JournalConflict):
        await journals.append("r", 2, ["d"])


async def written(storage, **keys):
    journals = DurableCheckpointer(storage, **keys)
    await journals.append("r", 0, ["one", "two", "three"])
    return await storage.load("r")


def changed(kept):
    yield [kept[0], kept[1].replace("two", "2wo"), kept[2]]
    yield [kept[1], kept[0], kept[2]]
    yield [kept[0], kept[2]]
    yield [*kept, kept[2]]
    yield [kept[0], "1:-:two", kept[2]]
    yield [kept[0], "two", kept[2]]


async def test_whatever_is_changed_in_a_sealed_journal_it_is_refused():
    kept = await written(MemoryJournalStorage(), keys=[KEY])
    for entries in changed(kept):
        storage = MemoryJournalStorage()
        await storage.append("r", 0, entries, datetime(2026, 1, 1, tzinfo=UTC))
        with pytest.raises(JournalRefused):
            await DurableCheckpointer(storage, keys=[KEY]).load("r")


async def test_an_entry_of_another_run_is_refused():
    kept = await written(MemoryJournalStorage(), keys=[KEY])
    storage = MemoryJournalStorage()
    await storage.append("s", 0, kept, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(JournalRefused, match="changed"):
        await DurableCheckpointer(storage, keys=[KEY]).load("s")


async def test_keys_are_changed_by_adding_the_new_one_in_front():
    storage = MemoryJournalStorage()
    await written(storage, keys=[KEY])
    both = DurableCheckpointer(storage, keys=[OTHER, KEY])
    await both.append("r", 3, ["four"])
    assert await both.load("r") == ("one", "two", "three", "four")
    for keys, why in (([OTHER], "another key"), ([], "give the checkpointer the key")):
        with pytest.raises(JournalRefused, match=why):
            await DurableCheckpointer(storage, keys=keys).load("r")


async def test_a_journal_of_a_later_version_is_refused():
    storage = MemoryJournalStorage()
    await storage.append("r", 0, ["2:-:x"], datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(JournalRefused, match="version '2', this release reads 1"):
        await DurableCheckpointer(storage).load("r")


def test_a_short_key_is_refused():
    with pytest.raises(SetupError, match="at least 16 bytes"):
        DurableCheckpointer(keys=[b"short"])


async def test_only_runs_that_were_left_alone_for_long_are_listed():
    clock = FakeClock()
    journals = DurableCheckpointer(clock=clock)
    await journals.append("old", 0, ["a"])
    clock.advance(100)
    await journals.append("new", 0, ["a"])
    assert [run.run_id for run in await journals.unfinished()] == ["old", "new"]
    assert [run.run_id for run in await journals.unfinished(idle_s=100)] == ["old"]


async def test_a_run_touched_by_a_clock_that_was_ahead_is_listed_all_the_same():
    storage, clock = MemoryJournalStorage(), FakeClock()
    clock.advance(60)
    await DurableCheckpointer(storage, clock=clock).append("r", 0, ["x"])
    journals = DurableCheckpointer(storage, clock=FakeClock())
    assert [run.run_id for run in await journals.unfinished()] == ["r"]
    assert await journals.unfinished(idle_s=1) == ()


async def test_a_run_goes_on_in_another_executor_and_its_journal_ends_with_it():
    storage, done = MemoryJournalStorage(), []

    @tool
    async def write(line: str) -> str:
        """Write."""
        done.append(line)
        return "wrote"

    class Died(BaseException):
        pass

    class Mortal(DurableCheckpointer):
        async def append(self, run_id, at, entries):
            await super().append(run_id, at, entries)
            if done:
                raise Died

        async def end(self, run_id):
            """The process is gone: nothing after that happens."""

    def executor(checkpointer, *replies):
        fake = FakeProvider()
        fake.enqueue("m", *replies)
        agent = RunnableAgent(name="scribe", model=fake.model("m"), tools=[write])
        return Executor(agents=[agent], ports=Ports(checkpointer=checkpointer)), agent

    first, agent = executor(Mortal(storage, keys=[KEY]), Reply(calls=[("write", {"line": "a"})]))
    with pytest.raises(Died):
        await first.run(agent, Invocation("go", run_id="r"))
    journals = DurableCheckpointer(storage, keys=[KEY])
    second, _ = executor(journals, Reply(text="finished"))
    (unfinished,) = await journals.unfinished()
    result = await second.resume(unfinished.run_id)
    assert (result.output, done) == ("finished", ["a"])
    assert await journals.unfinished() == ()


async def test_an_empty_storage_of_a_host_is_not_taken_for_none():
    class Counted(MemoryJournalStorage):
        def __len__(self):
            return 0

    storage = Counted()
    await DurableCheckpointer(storage).append("r", 0, ["a"])
    assert len(await storage.load("r")) == 1
