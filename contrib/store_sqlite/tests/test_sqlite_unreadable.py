"""A row that cannot be read hides no other, is told of, and stays until somebody removes it."""

import json
import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from executus_store_sqlite import StoreError

from executus.batteries.audit import AuditRecord, RunQuery, RunRecord, export_jsonl, runs_of
from executus.batteries.persona import Persona
from executus.batteries.schedule import Job, Scheduler
from executus.batteries.skill import SavedSkill
from executus.testing import FakeClock

NOW = datetime(2026, 5, 1, tzinfo=UTC)

BODIES = {
    "cut off": '{"id": "b", "cron": "* *',
    "no object": "[1, 2]",
    "nothing of ours": '{"id": "b"}',
    "a word of a later release": json.dumps(
        {"id": "b", "cron": "* * * * *", "misfire": "the last three"}
    ),
    "a figure of a later release": json.dumps({"id": "b", "cron": "* * * * *", "jitter_s": -1}),
    "of the wrong kind": json.dumps({"id": 7, "cron": "* * * * *"}),
}


@pytest.fixture
def change(url):
    """Change the file as another release, or a fault of the disk, would."""

    def run(sql, *values):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            return file.execute(sql, values).fetchall()

    return run


async def nothing(tick):
    return None


async def three_jobs(store, clock, fire=nothing):
    scheduler = Scheduler(store.schedule(), fire, clock=clock)
    for name in "abc":
        await scheduler.add(Job(id=name, cron="* * * * *"))
    return scheduler


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_the_other_jobs_are_listed_and_the_bad_one_is_named_once(store, change, caplog, body):
    await three_jobs(store, FakeClock(NOW))
    change("UPDATE job SET body = ? WHERE id = 'b'", body)
    schedule = store.schedule()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert [kept.job.id for kept in await schedule.list()] == ["a", "c"]
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith("the job 'b' cannot be read: it is damaged, or was written by a later")
    assert "\n" not in told
    assert change("SELECT body FROM job WHERE id = 'b'") == [(body,)]


async def test_the_other_jobs_fire_and_the_bad_one_does_when_it_can_be_read_again(store, change):
    clock, fired = FakeClock(NOW), []

    async def fire(tick):
        fired.append(tick.job.id)

    scheduler = await three_jobs(store, clock, fire)
    ((whole,),) = change("SELECT body FROM job WHERE id = 'b'")
    change("UPDATE job SET body = '{' WHERE id = 'b'")

    async def until(names):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(scheduler.run)
            while sorted(set(fired)) != names:  # a minute more may have gone by
                clock.advance(1)
                await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()

    clock.advance(60)
    await until(["a", "c"])
    change("UPDATE job SET body = ? WHERE id = 'b'", whole)
    await until(["a", "b", "c"])


async def test_adding_over_a_bad_job_is_refused_until_it_is_removed(store, change):
    scheduler = await three_jobs(store, FakeClock(NOW))
    change("UPDATE job SET body = '{' WHERE id = 'b'")
    job = Job(id="b", cron="0 7 * * *")
    with pytest.raises(StoreError, match="the job 'b' cannot be read: it is damaged"):
        await scheduler.add(job)
    assert change("SELECT body FROM job WHERE id = 'b'") == [("{",)]
    assert await scheduler.remove("b")
    await scheduler.add(job)
    assert [kept.job.cron for kept in await store.schedule().list()] == [
        "* * * * *",
        "0 7 * * *",
        "* * * * *",
    ]


async def test_the_other_skills_are_listed(store, change, caplog):
    skills = store.skills()
    for name in "abc":
        await skills.save(SavedSkill(name=name, instructions="Do."))
    change("UPDATE skill_version SET body = '{' WHERE name = 'b'")
    assert [skill.name for skill in await skills.list()] == ["a", "c"]
    assert "the skill 'b' cannot be read" in caplog.text
    with pytest.raises(StoreError, match="the skill 'b' cannot be read"):
        await skills.get("b")


async def test_a_persona_that_cannot_be_read_is_one_sentence(store, change):
    personas = store.personas()
    for name in "ab":
        await personas.save(Persona(name=name))
    body = json.dumps({"name": "b", "limits": {"max_steps": "ten"}})
    change("UPDATE persona SET body = ? WHERE name = 'b'", body)
    assert (await personas.get("a")).name == "a"
    assert await personas.names() == ("a", "b")
    with pytest.raises(StoreError, match=r"the persona 'b' cannot be read.*max_steps"):
        await personas.get("b")


async def test_the_other_records_of_a_run_are_read(store, change, caplog):
    audit = store.audit()
    await audit.write([AuditRecord(id=name, run_id="r", at=NOW) for name in "abc"])
    change("UPDATE record SET body = '{}' WHERE id = 'b'")
    assert [record.id for record in await audit.read("r")] == ["a", "c"]
    assert "the audit record 'r b' cannot be read" in caplog.text


def run_record(name, minute=0):
    return RunRecord(
        id=name,
        run_id=name,
        at=NOW,
        parent=None,
        root=name,
        agent="helper",
        caller="ann",
        status="ok",
        started=NOW + timedelta(minutes=minute),
        ended=NOW + timedelta(hours=1),
    )


@pytest.mark.parametrize("body", ["{", '{"kind": "step"}', '{"kind": "run", "id": "b"}', "[]"])
async def test_a_run_whose_record_is_bad_is_told_of_by_its_columns(store, change, body):
    runs = store.runs()
    for name in "abc":
        await runs.put(run_record(name))
    change("UPDATE run SET body = ? WHERE run_id = 'b'", body)
    found = {run.run_id: run for run in await runs.list(RunQuery(caller="ann"))}
    assert list(found) == ["c", "b", "a"]
    assert found["a"] == run_record("a")
    told = found["b"]
    assert (told.agent, told.caller, told.status, told.root) == ("helper", "ann", "ok", "b")
    assert (told.started, told.ended) == (NOW, NOW + timedelta(hours=1))
    assert told.error.startswith("the record of run 'b' cannot be read")
    assert await runs.get("b") == told
    assert change("SELECT body FROM run WHERE run_id = 'b'") == [(body,)]


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
async def test_reading_page_by_page_ends_and_finds_all_whatever_is_bad(store, change, limit):
    """A page of nothing but bad records must not look like the end, nor like the same page."""
    runs, names = store.runs(), [f"r{number}" for number in range(9)]
    for number, name in enumerate(names):
        await runs.put(run_record(name, number // 3))
    change("UPDATE run SET body = '{' WHERE run_id IN ('r1', 'r3', 'r4', 'r5', 'r8')")
    found = [run.run_id async for run in runs_of(runs, RunQuery(limit=limit))]
    assert sorted(found) == names
    lines = [line async for line in export_jsonl(runs, store.audit())]
    assert len(lines) == len(names)
