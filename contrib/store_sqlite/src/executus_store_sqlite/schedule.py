"""Jobs, their next ticks, and who leads, in SQLite."""

from __future__ import annotations

from datetime import datetime

from executus.batteries.schedule import Job, ScheduledJob
from executus_store_sqlite.columns import json_text, microseconds, moment, values_of
from executus_store_sqlite.database import Database

__all__ = ["SqliteSchedule"]

_ADD = "INSERT INTO job (next_us, body, id) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"
_CHANGE = "UPDATE job SET next_us = ?, body = ? WHERE id = ? AND next_us IS ?"
_CLAIM = "UPDATE job SET next_us = ? WHERE id = ? AND next_us = ?"
_LEASE = """INSERT INTO lead (only, owner, until_us) VALUES (1, ?, ?)
    ON CONFLICT (only) DO UPDATE SET owner = excluded.owner, until_us = excluded.until_us
    WHERE owner = excluded.owner OR until_us <= ?"""


class SqliteSchedule:
    """A `ScheduleStore`: each method is one statement.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self, job: Job, next_fire: datetime | None, *, instead_of: ScheduledJob | None = None
    ) -> bool:
        """Keep a job and its next tick, unless what is kept is not `instead_of` any more."""
        row = (_us(next_fire), json_text(job.as_json()), job.id)
        if instead_of is None:
            return bool(await self._database.run(_ADD, *row))
        return bool(await self._database.run(_CHANGE, *row, _us(instead_of.next_fire)))

    async def remove(self, job_id: str) -> bool:
        """Forget a job; whether there was one."""
        return bool(await self._database.run("DELETE FROM job WHERE id = ?", job_id))

    async def list(self) -> tuple[ScheduledJob, ...]:
        """All jobs, by id."""
        rows = await self._database.rows("SELECT body, next_us FROM job ORDER BY id")
        return tuple(
            ScheduledJob(
                job=Job.from_json(values_of(body)),
                next_fire=None if next_us is None else moment(next_us),
            )
            for body, next_us in rows
        )

    async def claim(self, job_id: str, due: datetime, following: datetime | None) -> bool:
        """Move a job's next tick from `due` to `following`."""
        return bool(await self._database.run(_CLAIM, _us(following), job_id, _us(due)))

    async def lease(self, owner: str, now: datetime, until: datetime) -> bool:
        """Take or prolong the lead."""
        return bool(await self._database.run(_LEASE, owner, _us(until), _us(now)))


def _us(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)
