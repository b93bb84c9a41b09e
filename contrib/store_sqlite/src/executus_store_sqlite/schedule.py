"""Jobs, their next ticks, and who leads, in SQLite."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from executus.batteries.schedule import Job, ScheduledJob
from executus_store_sqlite.columns import json_text, microseconds, moment, values_of
from executus_store_sqlite.database import Database, Transaction
from executus_store_sqlite.rows import Rows

__all__ = ["SqliteSchedule"]

_READ = "SELECT id, body, next_us FROM job"
_ADD = "INSERT INTO job (next_us, body, id) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"
_CHANGE = "UPDATE job SET next_us = ?, body = ? WHERE id = ? AND next_us IS ?"
_CLAIM = "UPDATE job SET next_us = ? WHERE id = ? AND next_us = ?"
_LEASE = """INSERT INTO lead (only, owner, until_us) VALUES (1, ?, ?)
    ON CONFLICT (only) DO UPDATE SET owner = excluded.owner, until_us = excluded.until_us
    WHERE owner = excluded.owner OR until_us <= ?"""


class SqliteSchedule:
    """A `ScheduleStore`: each method is one transaction.

    A job that cannot be read is left out of `list`, told of in the log, and kept until it is
    removed.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows("job", _kept)

    async def put(
        self, job: Job, next_fire: datetime | None, *, instead_of: ScheduledJob | None = None
    ) -> bool:
        """Keep a job and its next tick, unless what is kept is not `instead_of` any more.

        Raises:
            StoreError: What is kept under its id cannot be read; remove it to replace it.
        """
        row = (_us(next_fire), json_text(job.as_json()), job.id)
        if instead_of is None:
            return await self._database.write(partial(self._add, row))
        return bool(await self._database.run(_CHANGE, *row, _us(instead_of.next_fire)))

    async def _add(self, row: tuple[int | None, str, str], transaction: Transaction) -> bool:
        if await transaction.run(_ADD, *row):
            return True
        for key, *values in await transaction.rows(f"{_READ} WHERE id = ?", row[2]):
            self._rows.one(key, *values)
        return False

    async def remove(self, job_id: str) -> bool:
        """Forget a job; whether there was one."""
        return bool(await self._database.run("DELETE FROM job WHERE id = ?", job_id))

    async def list(self) -> tuple[ScheduledJob, ...]:
        """All jobs, by id."""
        return self._rows.all(await self._database.rows(f"{_READ} ORDER BY id"))

    async def claim(self, job_id: str, due: datetime, following: datetime | None) -> bool:
        """Move a job's next tick from `due` to `following`."""
        return bool(await self._database.run(_CLAIM, _us(following), job_id, _us(due)))

    async def lease(self, owner: str, now: datetime, until: datetime) -> bool:
        """Take or prolong the lead."""
        return bool(await self._database.run(_LEASE, owner, _us(until), _us(now)))


def _kept(body: str, next_us: int | None) -> ScheduledJob:
    next_fire = None if next_us is None else moment(next_us)
    return ScheduledJob(job=Job.from_json(values_of(body)), next_fire=next_fire)


def _us(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)
