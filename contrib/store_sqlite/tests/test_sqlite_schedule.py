"""Schedulers over one file: each tick is fired once, whoever dies and whoever comes back."""

import json
import os
from datetime import timedelta

import anyio
import pytest
from crew import Crew
from executus_store_sqlite import open_store
from simulated import EPOCH

from executus.batteries.schedule import Job, Misfire, Overlap, Scheduler
from executus.testing import FakeClock

SOAK = int(os.environ.get("SCHEDULE_SOAK", "0"))
"""Minutes, of fifty jobs, for the long form; `make soak` sets it."""
IN_FLIGHT = 5
"""Most ticks that a killed process may have claimed and not fired."""


async def nothing(tick):
    return None


async def add_jobs(url, count):
    """Each minute; all due ticks are fired, one after another, however late."""
    async with open_store(url) as store:
        scheduler = Scheduler(store.schedule(), nothing, clock=FakeClock(EPOCH))
        policy = {"misfire": Misfire.ALL, "overlap": Overlap.WAIT}
        for number in range(count):
            await scheduler.add(Job(id=f"job{number}", cron="* * * * *", **policy))


def lived(url, folder, minutes, *, jobs=5, **how):
    """What three processes did, and the ticks that were due in their time."""
    anyio.run(add_jobs, url, jobs)
    crew = Crew(url, folder)
    try:
        minutes = crew.live(minutes, **how)
        deaths = len(crew.killed)
    finally:
        crew.stop()
    due = {
        f"job{number}@{(EPOCH + timedelta(minutes=minute)).isoformat()}"
        for number in range(jobs)
        for minute in range(1, minutes + 1)
    }
    missing = due - set(crew.fired)
    print(f"{len(due)} ticks due, {len(missing)} not fired, {deaths} leaders killed")
    assert set(crew.fired.values()) == {1}, "a tick was fired twice"
    unclaimed = [key for key in missing if key not in crew.claimer]
    lost = max(0, len(unclaimed) - deaths)  # each death may fall between a claim and its note
    figures = {"cases": len(due), "survived": len(crew.fired), "leaked": 0, "lost": lost}
    note = f"{len(missing)} ticks died with {deaths} killed processes that had claimed them"
    print("soak:", json.dumps({"part": "schedules", **figures, "note": note}))
    return crew, missing, deaths


def assert_only_the_dead_lost_ticks(crew, missing, deaths):
    """What is missing was claimed by a process that was killed before it fired it."""
    told = {key for key in missing if crew.claimer.get(key) in crew.killed}
    untold = missing - told  # killed between the store's answer and the line in the log
    assert deaths > 0
    assert len(untold) <= deaths
    assert len(missing) <= deaths * IN_FLIGHT


@pytest.mark.slow
def test_three_processes_fire_each_of_300_ticks_once(url, tmp_path):
    _, missing, _ = lived(url, tmp_path, 60)
    assert missing == set()


@pytest.mark.slow
def test_three_processes_whose_leaders_are_killed_fire_no_tick_twice(url, tmp_path):
    assert_only_the_dead_lost_ticks(*lived(url, tmp_path, 60, kill_every=10))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not SOAK, reason="set SCHEDULE_SOAK to 200")
def test_three_processes_for_long(url, tmp_path):
    _, missing, _ = lived(url, tmp_path, SOAK, jobs=50)
    assert missing == set()


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not SOAK, reason="set SCHEDULE_SOAK to 200")
def test_three_processes_whose_leaders_are_killed_for_long(url, tmp_path):
    assert_only_the_dead_lost_ticks(*lived(url, tmp_path, SOAK, jobs=50, kill_every=10))


class Host:
    """Schedulers that come one after another over one file, on a clock the test owns."""

    def __init__(self, url):
        self.url, self.clock, self.fired = url, FakeClock(EPOCH, auto_advance=False), []
        self.now = self.most = 0

    async def fire(self, tick):
        self.fired.append(((tick.due - EPOCH) / timedelta(minutes=1), tick.late))
        self.now += 1
        self.most = max(self.most, self.now)
        await self.clock.sleep(tick.job.payload.get("takes_s", 0))
        self.now -= 1

    async def settle(self, schedule):
        """Let the scheduler come to rest: the store serves one after the other, it and us."""
        for _ in range(25):
            await schedule.list()

    async def live(self, seconds, *jobs):
        """A process: it adds its jobs, runs for so long, and is gone."""
        async with open_store(self.url) as store:
            schedule = store.schedule()
            scheduler = Scheduler(schedule, self.fire, clock=self.clock, late_s=30)
            for job in jobs:
                await scheduler.add(job)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(scheduler.run)
                await self.settle(schedule)
                for _ in range(round(seconds / 5)):
                    self.clock.advance(5)
                    await self.settle(schedule)
                tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("misfire", "minutes"),
    [(Misfire.SKIP, [1, 11]), (Misfire.ONCE, [1, 10, 11]), (Misfire.ALL, [*range(1, 12)])],
)
async def test_ticks_missed_between_two_processes(url, misfire, minutes):
    host = Host(url)
    job = Job(id="x", cron="* * * * *", misfire=misfire, overlap=Overlap.WAIT)
    await host.live(70, job)
    host.clock.advance(9 * 60 + 35)  # nobody is there until 10:45
    await host.live(30, job)
    assert [minute for minute, _ in host.fired] == minutes
    assert [late for _, late in host.fired].count(True) == len(minutes) - 2


@pytest.mark.parametrize(
    ("overlap", "late", "most"),
    [(Overlap.WAIT, [2, 3], 1), (Overlap.ALLOW, [2, 3, 4, 5], 4), (Overlap.SKIP, [5], 1)],
)
async def test_late_ticks_that_overlap_after_a_restart(url, overlap, late, most):
    host = Host(url)
    misfire = Misfire.ONCE if overlap is Overlap.SKIP else Misfire.ALL
    job = Job(id="x", cron="* * * * *", misfire=misfire, overlap=overlap, payload={"takes_s": 20})
    await host.live(90, job)
    host.clock.advance(235)
    await host.live(30, job)  # from 5:25 to 5:55: time for two that wait for each other
    assert [minute for minute, _ in host.fired] == [1, *late]
    assert host.most == most


async def test_a_lead_outlives_who_held_it_and_then_lapses(url):
    now = Host(url).clock.wall()
    later = now + timedelta(seconds=30)
    async with open_store(url) as store:
        assert await store.schedule().lease("a", now, later)
    async with open_store(url) as store:
        assert not await store.schedule().lease("b", now, later)
        assert await store.schedule().lease("b", later, later + timedelta(seconds=30))


async def test_who_stops_gives_its_lead_back(url):
    host = Host(url)
    await host.live(10, Job(id="x", cron="* * * * *"))
    async with open_store(url) as store:
        now = host.clock.wall()
        assert await store.schedule().lease("b", now, now + timedelta(seconds=30))
