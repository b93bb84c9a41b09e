"""Where jobs and their next ticks are kept, so that several processes fire each tick once."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Protocol

from executus.batteries.schedule.job import Job, ScheduledJob

__all__ = ["MemorySchedule", "ScheduleStore"]


class ScheduleStore(Protocol):
    """Keeps jobs. `executus.testing.contracts` says what an implementation must do."""

    async def put(
        self, job: Job, next_fire: datetime | None, *, instead_of: ScheduledJob | None = None
    ) -> bool:
        """Keep a job and its next tick, in one step.

        Args:
            job: What to keep.
            next_fire: Its next tick, in UTC.
            instead_of: What `list` gave for its id; None when that gave nothing.

        Returns:
            Whether this call did: not when a job has come or gone under this id by now, or its
            next tick has moved, so that nobody puts back a tick that another has claimed.

        Raises:
            ExecutusError: What is kept under its id cannot be read, so `list` leaves it out.
        """
        ...

    async def remove(self, job_id: str) -> bool:
        """Forget a job; whether there was one."""
        ...

    async def list(self) -> tuple[ScheduledJob, ...]:
        """All jobs, by id.

        One that cannot be read, because it is damaged or of a later release, is left out, told of
        in the log, and kept.
        """
        ...

    async def claim(self, job_id: str, due: datetime, following: datetime | None) -> bool:
        """Move a job's next tick from `due` to `following`, in one step.

        Returns:
            Whether this call did. Of several with the same `due`, one does; none when the job is
            gone or its next tick is another. Who got True fires the tick.
        """
        ...

    async def lease(self, owner: str, now: datetime, until: datetime) -> bool:
        """Take or prolong the lead, in one step.

        Returns:
            Whether `owner` leads until then: nobody did at `now`, or it did itself. An `until` that
            is not after `now` gives the lead back.
        """
        ...


class MemorySchedule:
    """Jobs in memory, for schedulers of one process. May be used from several loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, ScheduledJob] = {}
        self._lead: tuple[str, datetime] | None = None

    async def put(
        self, job: Job, next_fire: datetime | None, *, instead_of: ScheduledJob | None = None
    ) -> bool:
        """Keep a job and its next tick, unless what is kept is not `instead_of` any more."""
        with self._lock:
            kept = self._jobs.get(job.id)
            if _tick_of(kept) != _tick_of(instead_of):
                return False
            self._jobs[job.id] = ScheduledJob(job=job, next_fire=next_fire)
            return True

    async def remove(self, job_id: str) -> bool:
        """Forget a job; whether there was one."""
        with self._lock:
            return self._jobs.pop(job_id, None) is not None

    async def list(self) -> tuple[ScheduledJob, ...]:
        """All jobs, by id."""
        with self._lock:
            return tuple(self._jobs[job_id] for job_id in sorted(self._jobs))

    async def claim(self, job_id: str, due: datetime, following: datetime | None) -> bool:
        """Move a job's next tick from `due` to `following`."""
        with self._lock:
            kept = self._jobs.get(job_id)
            if kept is None or kept.next_fire != due:
                return False
            self._jobs[job_id] = ScheduledJob(job=kept.job, next_fire=following)
            return True

    async def lease(self, owner: str, now: datetime, until: datetime) -> bool:
        """Take or prolong the lead."""
        with self._lock:
            if self._lead is not None and self._lead[0] != owner and self._lead[1] > now:
                return False
            self._lead = (owner, until)
            return True


def _tick_of(kept: ScheduledJob | None) -> tuple[datetime | None, ...]:
    """What tells whether a job is as it was: that it is there, and its next tick."""
    return () if kept is None else (kept.next_fire,)
