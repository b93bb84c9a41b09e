"""Fires jobs when they are due: one leader, each tick claimed before it is fired."""

from __future__ import annotations

import logging
import random
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

import anyio
from anyio.abc import TaskGroup

from executus.batteries.schedule.crontime import CronTime
from executus.batteries.schedule.job import Job, Misfire, Overlap, ScheduledJob
from executus.batteries.schedule.store import ScheduleStore
from executus.errors import SetupError
from executus.lane import Lane
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["Fire", "Scheduler", "Tick"]

logger = logging.getLogger("executus.batteries.schedule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One time a job is due.

    Attributes:
        job: The job.
        due: When it was due, in UTC.
        late: Nobody was there when it was.
    """

    job: Job
    due: datetime
    late: bool = False

    @property
    def key(self) -> str:
        """The same for this tick everywhere, and for no other: an idempotency key."""
        return f"{self.job.id}@{self.due.isoformat()}"


Fire: TypeAlias = Callable[[Tick], Awaitable[object]]
"""Does what a job asks for. An exception is logged, and the job goes on with its next tick."""


class Scheduler:
    """Fires jobs. Several, in one process or in many, may share a store.

    Who holds the lead looks for due jobs; the others stand by and take over when the lead lapses.
    A tick is claimed before it is fired, so it is fired at most once, whoever dies when.

    Args:
        store: Keeps the jobs.
        fire: Does what a job asks for.
        clock: Says when.
        lane: Bounds how many are done at once; ten by default.
        owner: Names this scheduler; made when empty.
        poll_s: Seconds between two looks.
        lease_s: Seconds after which another takes the lead of one that is gone.
        late_s: Seconds after which a tick counts as missed.
        chance: Gives numbers from 0 to 1, for jitter.

    Raises:
        SetupError: A figure is out of its range.
    """

    def __init__(
        self,
        store: ScheduleStore,
        fire: Fire,
        *,
        clock: Clock = SYSTEM_CLOCK,
        lane: Lane | None = None,
        owner: str = "",
        poll_s: float = 1.0,
        lease_s: float = 30.0,
        late_s: float = 60.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not 0 < poll_s < lease_s or not late_s > 0:
            raise SetupError("poll_s must be above 0 and below lease_s, and late_s above 0")
        self.owner = owner or uuid.uuid4().hex
        self._store, self._fire, self._clock = store, fire, clock
        self._lane = lane or Lane(10, name="schedule", clock=clock)
        self._poll_s = poll_s
        self._lease, self._late = timedelta(seconds=lease_s), timedelta(seconds=late_s)
        self._chance = chance
        self._queues: dict[str, deque[Tick]] = {}  # of jobs at work
        self._told: set[str] = set()
        self._leads = False

    async def add(self, job: Job) -> None:
        """Keep a job, new or changed; one whose times are the same keeps its next tick.

        So a host may add its jobs at each start, and ticks missed meanwhile are not lost.

        Raises:
            SetupError: Its expression or time zone cannot be read.
            ExecutusError: A job is kept under its id that the store cannot read; `remove` it first.
        """
        times = _times(job.cron, job.zone)
        while True:
            kept = next((one for one in await self._store.list() if one.job.id == job.id), None)
            if kept is not None and _timing(kept.job) == _timing(job):
                following = kept.next_fire
            else:
                following = times.after(self._clock.wall())
            if await self._store.put(job, following, instead_of=kept):
                return

    async def remove(self, job_id: str) -> bool:
        """Forget a job; whether there was one. What it does now goes on."""
        return await self._store.remove(job_id)

    async def run(self) -> None:
        """Fire jobs until cancelled, which cancels what they do as well.

        A store that fails is logged, and asked again at the next look. Who stops gives its lead
        back.
        """
        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    try:
                        await self._look(tasks)
                    except Exception as error:  # noqa: BLE001 - the store may come back
                        logger.warning("looking for due jobs failed: %s", type(error).__name__)
                    await self._clock.sleep(self._poll_s)
        finally:
            if self._leads:
                await self._give_back()

    async def _give_back(self) -> None:
        self._leads = False
        with self._clock.deadline(self._poll_s) as scope:
            scope.shield = True
            try:
                now = self._clock.wall()
                await self._store.lease(self.owner, now, now)
            except Exception as error:  # noqa: BLE001 - the lease ends by itself
                logger.warning("giving the lead back failed: %s", type(error).__name__)

    async def _look(self, tasks: TaskGroup) -> None:
        now = self._clock.wall()
        self._leads = await self._store.lease(self.owner, now, now + self._lease)
        if not self._leads:
            return
        for kept in await self._store.list():
            if kept.next_fire is not None and kept.next_fire <= now:
                try:
                    await self._due(tasks, kept, kept.next_fire, now)
                except SetupError as error:
                    self._tell(f"job {kept.job.id!r} cannot be scheduled: {error}")

    def _tell(self, sentence: str) -> None:
        """Once, and not at each look."""
        if sentence not in self._told:
            self._told.add(sentence)
            logger.warning("%s", sentence)

    async def _due(
        self, tasks: TaskGroup, kept: ScheduledJob, due: datetime, now: datetime
    ) -> None:
        job, times = kept.job, _times(kept.job.cron, kept.job.zone)
        if job.misfire is Misfire.ALL and job.enabled:
            while due <= now:
                following = times.after(due)
                if not await self._store.claim(job.id, due, following):
                    return
                self._begin(tasks, self._tick(job, due, now))
                if following is None:
                    return
                due = following
            return
        last = times.latest(due, now) or due
        if await self._store.claim(job.id, due, times.after(now)):
            tick = self._tick(job, last, now)
            if job.enabled and not (tick.late and job.misfire is Misfire.SKIP):
                self._begin(tasks, tick)

    def _tick(self, job: Job, due: datetime, now: datetime) -> Tick:
        return Tick(job=job, due=due, late=now - due > self._late)

    def _begin(self, tasks: TaskGroup, tick: Tick) -> None:
        job = tick.job
        if job.overlap is Overlap.ALLOW:
            tasks.start_soon(self._work, tick)
        elif job.id not in self._queues:
            self._queues[job.id] = deque([tick])
            tasks.start_soon(self._work_off, job.id)
        elif job.overlap is Overlap.WAIT:
            self._queues[job.id].append(tick)
        else:
            logger.info("tick %s is left out: an earlier one goes on", tick.key)

    async def _work_off(self, job_id: str) -> None:
        """One tick after another, in their order."""
        queue = self._queues[job_id]
        try:
            while queue:
                await self._work(queue.popleft())
        finally:
            del self._queues[job_id]

    async def _work(self, tick: Tick) -> None:
        job = tick.job
        try:
            if job.jitter_s:
                await self._clock.sleep(job.jitter_s * self._chance())
            async with self._lane.slot(job.key or job.id):
                await self._fire(tick)
        except Exception as error:  # noqa: BLE001 - one job's failure is not the others'
            logger.warning("tick %s failed: %s", tick.key, type(error).__name__)


def _timing(job: Job) -> tuple[str, str]:
    return job.cron, job.zone


@lru_cache(maxsize=1024)
def _times(cron: str, zone: str) -> CronTime:
    return CronTime(cron, zone)
