"""Journals of unfinished runs in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from executus.batteries.checkpoint import UnfinishedRun, journal_conflict
from executus_store_sqlite.audit import microseconds
from executus_store_sqlite.database import Database, Transaction

__all__ = ["SqliteJournalStorage"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNFINISHED = """SELECT run_id, count(*), min(at_us), max(at_us) AS touched FROM journal
    GROUP BY run_id ORDER BY touched, run_id"""


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
        rows = await self._database.read(lambda transaction: transaction.rows(sql, run_id))
        return tuple(entry.decode("utf-8", "surrogatepass") for (entry,) in rows)

    async def end(self, run_id: str) -> None:
        """Forget the run."""
        sql = "DELETE FROM journal WHERE run_id = ?"
        await self._database.write(lambda transaction: transaction.run(sql, run_id))

    async def unfinished(self) -> Sequence[UnfinishedRun]:
        """Every run that has entries."""
        rows = await self._database.read(lambda transaction: transaction.rows(_UNFINISHED))
        return tuple(
            UnfinishedRun(
                run_id=run_id, entries=entries, begun=_moment(begun), touched=_moment(touched)
            )
            for run_id, entries, begun, touched in rows
        )


async def _append(
    run_id: str, at: int, entries: Sequence[str], now_us: int, transaction: Transaction
) -> None:
    ((found,),) = await transaction.rows("SELECT count(*) FROM journal WHERE run_id = ?", run_id)
    if found != at:
        raise journal_conflict(run_id, at, found)
    await transaction.run_many(
        "INSERT INTO journal (run_id, position, at_us, entry) VALUES (?, ?, ?, ?)",
        [
            (run_id, position, now_us, entry.encode("utf-8", "surrogatepass"))
            for position, entry in enumerate(entries, start=at)
        ],
    )


def _moment(at_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at_us)
