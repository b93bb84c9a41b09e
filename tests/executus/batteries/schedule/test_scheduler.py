"""Schedulers on a clock the test owns: late, overlapping, failing, many over one store."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio
import anyio.lowlevel
import pytest

from executus import SetupError
from executus.batteries.schedule import (
    Job,
    MemorySchedule,
    Misfire,
    Overlap,
    ScheduledJob,
    Scheduler,
)
from executus.lane import Lane
from executus.testing import FakeClock
from executus.testing.contracts import SCHEDULE_CONTRACT

START = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = Job(id="every", cron="* * * * *")


class Rows:
    """A host's own store: text rows, a lock and a slow disk."""

    def __init__(self):
        self.rows, self.lead, self.lock = {}, None, anyio.Lock()

    async def put(self, job, next_fire, *, instead_of=None):
        async with self.lock:
            kept = self.rows.get(job.id)
            if (kept is None) != (instead_of is None):
                return False
            read = instead_of and instead_of.next_fire
            if instead_of and kept[1] != (read and read.isoformat()):
                return False
            self.rows[job.id] = (json.dumps(job.as_json()), next_fire and next_fire.isoformat())
            return True

    async def remove(self, job_id):
        return self.rows.pop(job_id, None) is not None

    async def list(self):
        await anyio.lowlevel.checkpoint()
        return tuple(
            ScheduledJob(
                job=Job.from_json(json.loads(job)), next_fire=due and datetime.fromisoformat(due)
            )
            for _, (job, due) in sorted(self.rows.items())
        )

    async def claim(self, job_id, due, following):
        async with self.lock:
            await anyio.lowlevel.checkpoint()
            job, kept = self.rows.get(job_id, (None, None))
            if kept != due.isoformat():
                return False
            self.rows[job_id] = (job, following and following.isoformat())
            return True

    async def lease(self, owner, now, until):
        async with self.lock:
            await anyio.lowlevel.checkpoint()
            if self.lead and self.lead[0] != owner and self.lead[1] > now:
                return False
            self.lead = (owner, until)
            return True


async def settle(times=30):
    for _ in range(times):
        await anyio.lowlevel.checkpoint()


class Host:
    """Schedulers over one store; each fired tick is written down."""

    def __init__(self, count=1, *, store=None, takes_s=0, **options):
        self.clock = FakeClock(START, auto_advance=False)
        self.store = store or MemorySchedule()
        self.fired, self.now, self.most = [], 0, 0
        self.takes_s = takes_s
        self.schedulers = [
            Scheduler(self.store, self.fire, clock=self.clock, owner=f"s{n}", **options)
            for n in range(count)
        ]

    async def fire(self, tick):
        self.fired.append((tick.job.id, tick.due, self.clock.wall(), tick.late))
        self.now += 1
        self.most = max(self.most, self.now)
        if self.takes_s:
            await self.clock.sleep(self.takes_s)
        self.now -= 1
        if tick.job.payload.get("fail"):
            raise ValueError("no")

    async def pass_time(self, seconds, step=1.0):
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            await settle()

    async def for_seconds(self, seconds, *jobs, step=1.0):
        for job in jobs:
            await self.schedulers[0].add(job)
        async with anyio.create_task_group() as tasks:
            for scheduler in self.schedulers:
                tasks.start_soon(scheduler.run)
            await settle()
            await self.pass_time(seconds, step)
            tasks.cancel_scope.cancel()

    def minutes(self):
        return [(due - START) / timedelta(minutes=1) for _, due, _, _ in self.fired]


@pytest.mark.parametrize("store", [MemorySchedule, Rows])
@pytest.mark.parametrize("check", SCHEDULE_CONTRACT)
async def test_a_store_keeps_the_contract(check, store):
    await check(store())


async def test_the_contract_finds_a_store_that_claims_twice():
    class Racy(Rows):
        async def claim(self, job_id, due, following):
            job, kept = self.rows.get(job_id, (None, None))
            await anyio.lowlevel.checkpoint()
            if kept != due.isoformat():
                return False
            self.rows[job_id] = (job, following and following.isoformat())
            return True

    failed = 0
    for check in SCHEDULE_CONTRACT:
        try:
            await check(Racy())
        except AssertionError:
            failed += 1
    assert failed == 1


async def test_a_job_is_fired_when_it_is_due():
    host = Host()
    await host.for_seconds(200, EVERY)
    assert host.minutes() == [1, 2, 3]
    assert all(at - due < timedelta(seconds=2) for _, due, at, _ in host.fired)
    assert not any(late for *_, late in host.fired)


@pytest.mark.parametrize("store", [MemorySchedule, Rows])
async def test_several_schedulers_fire_each_tick_once(store):
    host = Host(4, store=store())
    jobs = [replace(EVERY, id=f"job{n}") for n in range(3)]
    await host.for_seconds(40 * 60 + 30, *jobs, step=5)
    counted = Counter((job, due) for job, due, _, _ in host.fired)
    assert set(counted.values()) == {1}
    assert len(counted) == 3 * 40


async def test_each_tick_is_fired_once_even_if_all_believe_they_lead():
    class NoLead(Rows):
        async def lease(self, owner, now, until):
            return True

    host = Host(4, store=NoLead())
    await host.for_seconds(20 * 60 + 30, EVERY, step=5)
    assert sorted(host.minutes()) == list(range(1, 21))


async def test_one_that_stops_hands_over_at_once():
    host = Host(2, lease_s=3600)
    await host.schedulers[0].add(EVERY)
    async with anyio.create_task_group() as both:
        async with anyio.create_task_group() as first:
            first.start_soon(host.schedulers[0].run)
            await settle()
            both.start_soon(host.schedulers[1].run)
            await host.pass_time(90)
            first.cancel_scope.cancel()
        await host.pass_time(60)
        both.cancel_scope.cancel()
    assert host.minutes() == [1, 2]


async def test_one_that_is_killed_is_replaced_when_its_lease_ends():
    class Unreachable(Rows):
        async def lease(self, owner, now, until):
            if until == now:
                raise OSError("killed before it could say so")
            return await super().lease(owner, now, until)

    host = Host(2, lease_s=30, store=Unreachable())
    await host.schedulers[0].add(EVERY)
    async with anyio.create_task_group() as both:
        async with anyio.create_task_group() as first:
            first.start_soon(host.schedulers[0].run)
            await settle()
            both.start_soon(host.schedulers[1].run)
            await host.pass_time(90)
            first.cancel_scope.cancel()
        await host.pass_time(120)
        both.cancel_scope.cancel()
    assert host.minutes() == [1, 2, 3]


@pytest.mark.parametrize(
    ("misfire", "minutes"),
    [(Misfire.SKIP, [11]), (Misfire.ONCE, [10, 11]), (Misfire.ALL, [*range(1, 12)])],
)
async def test_ticks_nobody_was_there_for(misfire, minutes):
    host = Host()
    job = Job(id="x", cron="* * * * *", misfire=misfire, overlap=Overlap.WAIT)
    await host.schedulers[0].add(job)
    host.clock.advance(10 * 60 + 45)  # the process was down
    host.schedulers[0]._late = timedelta(seconds=30)
    await host.for_seconds(30)
    assert host.minutes() == minutes
    assert [late for *_, late in host.fired].count(True) == len(minutes) - 1


async def test_adding_a_job_at_each_start_keeps_what_is_due():
    host = Host()
    await host.schedulers[0].add(EVERY)
    host.clock.advance(300)
    await host.schedulers[0].add(replace(EVERY, payload={"new": 1}))
    (kept,) = await host.store.list()
    assert kept.next_fire == START + timedelta(minutes=1)
    assert kept.job.payload == {"new": 1}
    await host.schedulers[0].add(replace(EVERY, cron="@hourly"))
    (kept,) = await host.store.list()
    assert kept.next_fire == START + timedelta(hours=1)
    assert await host.schedulers[0].remove("every")
    assert await host.store.list() == ()


@pytest.mark.parametrize(
    ("overlap", "minutes", "most"),
    [(Overlap.SKIP, [1, 3], 1), (Overlap.WAIT, [1, 2, 3], 1), (Overlap.ALLOW, [1, 2, 3, 4], 2)],
)
async def test_ticks_that_overlap(overlap, minutes, most):
    host = Host(takes_s=90)
    await host.for_seconds(270, replace(EVERY, overlap=overlap))
    assert host.minutes() == minutes
    assert host.most == most


async def test_no_more_are_done_at_once_than_the_lane_allows():
    host = Host(takes_s=10, lane=Lane(2))
    await host.for_seconds(115, *[replace(EVERY, id=f"job{n}") for n in range(6)])
    assert host.most == 2
    assert len(host.fired) == 6


async def test_jitter_puts_a_tick_off_by_chance():
    host = Host(chance=lambda: 0.5)
    await host.for_seconds(100, replace(EVERY, jitter_s=30))
    (_, due, at, _) = host.fired[0]
    assert timedelta(seconds=15) <= at - due < timedelta(seconds=18)


async def test_a_job_that_fails_is_fired_again_and_disturbs_nobody(caplog):
    host = Host()
    await host.for_seconds(130, replace(EVERY, payload={"fail": True}), replace(EVERY, id="b"))
    assert Counter(job for job, *_ in host.fired) == {"every": 2, "b": 2}
    assert "every@2026-01-01T00:01:00+00:00 failed: ValueError" in caplog.text


async def test_a_disabled_job_does_not_fire_nor_catch_up():
    host = Host()
    job = replace(EVERY, enabled=False, misfire=Misfire.ALL, overlap=Overlap.WAIT)
    await host.for_seconds(130, job)
    assert host.fired == []
    await host.for_seconds(60, replace(job, enabled=True))
    assert host.minutes() == [3]


async def test_a_store_that_fails_is_asked_again():
    class Flaky(MemorySchedule):
        calls = 0

        async def list(self):
            self.calls += 1
            if 1 < self.calls < 20:
                raise OSError("gone")
            return await super().list()

    host = Host(store=Flaky())
    await host.for_seconds(130, EVERY)
    assert host.minutes() == [1, 2]


async def test_a_job_that_became_unreadable_disturbs_nobody_and_is_told_of_once(caplog):
    host = Host()
    await host.store.put(Job(id="a", cron="nonsense"), START)
    await host.for_seconds(70, EVERY)
    assert host.minutes() == [1]
    assert caplog.text.count("job 'a' cannot be scheduled") == 1


@pytest.mark.parametrize("values", [{"cron": 5}, {"zone": None}, {"misfire": "later"}, {"id": 1}])
def test_a_job_of_a_later_release_that_cannot_be_read_is_one_kind_of_error(values):
    with pytest.raises(SetupError):
        Job.from_json({**EVERY.as_json(), **values})


@pytest.mark.parametrize("wrong", [{"poll_s": 0}, {"poll_s": 60}, {"late_s": 0}])
def test_figures_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SetupError):
        Scheduler(MemorySchedule(), print, **wrong)


@pytest.mark.parametrize(
    "wrong", [{"id": ""}, {"jitter_s": -1}, {"misfire": "all"}, {"jitter_s": float("nan")}]
)
def test_a_job_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(SetupError):
        replace(EVERY, **wrong)


async def test_a_bad_expression_is_refused_when_it_is_added():
    with pytest.raises(SetupError):
        await Host().schedulers[0].add(Job(id="x", cron="61 * * * *"))


class Interrupted(MemorySchedule):
    """Between what `add` reads and what it keeps, something else happens once."""

    def __init__(self, meanwhile):
        super().__init__()
        self.meanwhile = meanwhile

    async def list(self):
        found = await super().list()
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None and found:
            await meanwhile(self, found[0])
        else:
            self.meanwhile = meanwhile
        return found


async def test_adding_a_job_does_not_put_back_a_tick_claimed_at_that_moment():
    async def another_claims(store, kept):
        assert await store.claim(kept.job.id, kept.next_fire, START + timedelta(minutes=2))

    host = Host(store=Interrupted(another_claims))
    await host.store.put(EVERY, START + timedelta(minutes=1))
    await host.schedulers[0].add(replace(EVERY, payload={"new": 1}))
    (kept,) = await host.store.list()
    assert kept.next_fire == START + timedelta(minutes=2)
    assert kept.job.payload == {"new": 1}


async def test_two_that_add_a_new_job_late_keep_the_tick_that_is_next():
    async def another_is_faster(store, _):
        await store.put(replace(EVERY, id="new"), START + timedelta(minutes=7))

    host = Host(store=Interrupted(another_is_faster))
    await host.store.put(EVERY, None)
    await host.schedulers[0].add(replace(EVERY, id="new"))
    kept = {one.job.id: one.next_fire for one in await host.store.list()}
    assert kept["new"] == START + timedelta(minutes=7)
