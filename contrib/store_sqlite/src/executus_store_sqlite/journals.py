"""Journals of unfinished runs in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from executus.batteries.checkpoint import UnfinishedRun, journal_conflict
from executus_store_sqlite.columns import blob, from_blob, microseconds, moment
from executus_store_sqlite.database import Database, Transaction

__all__ = ["SqliteJournalStorage"]

_UNFINISHED = """SELECT run_id, count(*), min(at_us), max(at_us) AS touched FROM journal
    GROUP BY run_id ORDER BY touched, run_id"""
_OLD = "SELECT run_id FROM journal GROUP BY run_id HAVING max(at_us) < ?"


class SqliteJournalStorage:
    """A `JournalStorage`: a row per entry, never changed.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, run_id: str, at: int, entries: Sequence[str], now: datetime) -> None:
        """Add entries."""
        await self._database.write(partial(_append, run_id, at, entries, microseconds(now)))

    async def load(self, run_id: str) -> Sequence[str]:
        """The entries so far."""
        sql = "SELECT entry FROM journal WHERE run_id = ? ORDER BY position"
        rows = await self._database.rows(sql, run_id)
        return tuple(from_blob(entry) for (entry,) in rows)

    async def end(self, run_id: str) -> None:
        """Forget the run."""
        await self._database.run("DELETE FROM journal WHERE run_id = ?", run_id)

    async def unfinished(self) -> Sequence[UnfinishedRun]:
        """Every run that has entries."""
        rows = await self._database.rows(_UNFINISHED)
        return tuple(
            UnfinishedRun(
                run_id=run_id, entries=entries, begun=moment(begun), touched=moment(touched)
            )
            for run_id, entries, begun, touched in rows
        )

    async def prune(self, before: datetime) -> int:
        """Forget the journals that were last touched before this; how many."""
        return await self._database.write(partial(_prune, microseconds(before)))


async def _prune(before_us: int, transaction: Transaction) -> int:
    old = await transaction.rows(_OLD, before_us)
    await transaction.run_many("DELETE FROM journal WHERE run_id = ?", old)
    return len(old)


async def _append(
    run_id: str, at: int, entries: Sequence[str], now_us: int, transaction: Transaction
) -> None:
    ((found,),) = await transaction.rows("SELECT count(*) FROM journal WHERE run_id = ?", run_id)
    if found != at:
        raise journal_conflict(run_id, at, found)
    await transaction.run_many(
        "INSERT INTO journal (run_id, position, at_us, entry) VALUES (?, ?, ?, ?)",
        [
            (run_id, position, now_us, blob(entry))
            for position, entry in enumerate(entries, start=at)
        ],
    )
