"""Of what has ended, only so much is kept; of what has not, everything."""

import pytest
from executus_gateway.assembly import open_local
from executus_gateway.domain import Ledger
from executus_gateway.local import FileStore, FolderArtifacts
from executus_gateway.schema import Approval, CallRecord, Interaction, Outcome, TaskRun
from executus_gateway.service import Keep
from executus_gateway.service.keptfiles import KeptFiles
from executus_gateway.service.retention import Retention

from executus.testing import FakeClock

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
async def ledger(home):
    book = Ledger(FileStore(home), new_id=lambda prefix: f"{prefix}_1", clock=FakeClock())
    await book.open()
    yield book
    await book.aclose()


async def filled(ledger, *states, size=0, days_ago=0):
    now = ledger.now_ms() - days_ago * DAY_MS
    for number, state in enumerate(states):
        run = TaskRun(
            id=f"run_{number}",
            workspace=ledger.workspace,
            code="",
            state=state,
            ended_ms=now + number,
            outcome=Outcome(value="x" * size),
        )
        call = CallRecord(id=f"run_{number}.1", run=run.id, path="a.b")
        shared = {"run": run.id, "call": call.id}
        question = Interaction.model_validate(
            {
                "id": f"ask_{number}",
                "workspace": ledger.workspace,
                "kind": "confirm",
                "title": "?",
                "state": "accepted",
                **shared,
            }
        )
        approval = Approval.model_validate(
            {
                "id": f"apr_{number}",
                "interaction": question.id,
                "path": "a.b",
                "arguments_digest": "",
                "verdict": "accept",
                "channel": "host",
                **shared,
            }
        )
        await ledger.commit("test", run, call, question, approval)


def swept(ledger, home, **keep):
    artifacts, bounds = FolderArtifacts(home / "artifacts"), Keep(**keep)
    return Retention(ledger, artifacts, bounds, KeptFiles(ledger, artifacts, bounds)).sweep()


def kept(ledger):
    return {run.id for run in ledger.all(TaskRun)}


async def test_the_newest_runs_are_kept_with_all_that_is_theirs(ledger, home):
    await filled(ledger, *["completed", "failed", "interrupted", "completed"])
    assert await swept(ledger, home, runs=2) == 6
    assert kept(ledger) == {"run_2", "run_3"}
    assert {call.run for call in ledger.all(CallRecord)} == {"run_2", "run_3"}
    assert {question.run for question in ledger.all(Interaction)} == {"run_2", "run_3"}
    assert len(ledger.all(Approval)) == 4


async def test_old_runs_go_however_few_they_are(ledger, home):
    await filled(ledger, "completed", days_ago=91)
    await swept(ledger, home, days=92)
    assert kept(ledger) == {"run_0"}
    await swept(ledger, home, days=90)
    assert kept(ledger) == set()


async def test_much_together_goes_but_the_last_run_stays(ledger, home):
    await filled(ledger, *["completed"] * 3, size=1000)
    await swept(ledger, home, run_bytes=2600)
    assert kept(ledger) == {"run_1", "run_2"}
    await swept(ledger, home, run_bytes=10)
    assert kept(ledger) == {"run_2"}


async def test_what_has_not_ended_is_never_touched(ledger, home):
    await filled(ledger, "running", "paused", "completed", days_ago=500)
    await swept(ledger, home, runs=1, days=1)
    assert kept(ledger) == {"run_0", "run_1"}


async def test_approvals_have_a_bound_of_their_own(ledger, home):
    await filled(ledger, *["completed"] * 5)
    await swept(ledger, home, approvals=2)
    assert [approval.id for approval in ledger.all(Approval)] == ["apr_3", "apr_4"]
    assert len(kept(ledger)) == 5


async def test_sweeping_twice_does_nothing_twice(ledger, home):
    await filled(ledger, *["completed"] * 3)
    await swept(ledger, home, runs=1)
    before = ledger.sequence
    assert await swept(ledger, home, runs=1) == 0
    assert ledger.sequence == before


async def test_a_gateway_that_runs_for_long_stays_small(home, pets):
    async with open_local(home, keep=Keep(runs=5, sweep_after=10)) as gateway:
        for number in range(60):
            await gateway.execute(f"tools.search('x')\nreturn {number}")
        assert len(gateway.runs()) <= 5 + 2 * 10
        assert len(gateway.ledger.all(CallRecord)) <= 5 + 2 * 10
    async with open_local(home, keep=Keep(runs=5)) as gateway:
        assert [run.outcome.value for run in gateway.runs()] == [55, 56, 57, 58, 59]
    assert (home / "snapshot.json").stat().st_size < 20_000
    assert (home / "events.jsonl").stat().st_size == 0


async def test_files_that_no_record_names_go_at_the_next_start(open_gateway, home, pets):
    async with open_gateway() as gateway:
        await gateway.execute(pets.add())
        digest = gateway.sources.require("pets").digest
    store = FolderArtifacts(home / "artifacts")
    await store.put("pause", "run_gone", b"x")
    await store.put("catalog", "c" * 64, b"x")
    async with open_gateway():
        assert await store.keys("pause") == []
        assert await store.keys("catalog") == [digest]


async def test_reading_a_source_anew_leaves_one_catalog(open_gateway, home, pets):
    async with open_gateway() as gateway:
        await gateway.execute(pets.add())
        pets.secured = True  # its document changes
        await gateway.sources.refresh("pets")
        digest = gateway.sources.require("pets").digest
        assert await FolderArtifacts(home / "artifacts").keys("catalog") == [digest]
