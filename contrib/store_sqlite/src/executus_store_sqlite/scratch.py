"""Scratch texts in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from executus.tools.store import Scope, ScratchEntry, ScratchQuota
from executus_store_sqlite.columns import blob, from_blob, microseconds
from executus_store_sqlite.database import Database, Transaction
from majordomo.clock import Clock

__all__ = ["SqliteScratch"]

_SIZES = "SELECT key, size_bytes FROM scratch WHERE agent = ? AND caller = ? ORDER BY key"
_GET = "SELECT value FROM scratch WHERE agent = ? AND caller = ? AND key = ?"
_PUT = """INSERT INTO scratch (agent, caller, key, size_bytes, written_us, value)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (agent, caller, key) DO UPDATE SET size_bytes = excluded.size_bytes,
        written_us = excluded.written_us, value = excluded.value"""
_DELETE = "DELETE FROM scratch WHERE agent = ? AND caller = ? AND key = ?"


class SqliteScratch:
    """A `ScratchStore`: a row per key; the quota is checked in the transaction that writes.

    Args:
        database: Where.
        quota: Bounds of each scope.
        clock: Says when a text was written.
    """

    def __init__(self, database: Database, quota: ScratchQuota, clock: Clock) -> None:
        self._database, self._quota, self._clock = database, quota, clock

    async def get(self, scope: Scope, key: str) -> str | None:
        """The value, or None when there is none."""
        rows = await self._database.rows(_GET, scope.agent, scope.caller, key)
        return from_blob(rows[0][0]) if rows else None

    async def put(self, scope: Scope, key: str, value: str, *, append: bool = False) -> int:
        """Store a value instead of the one before, or after it.

        Raises:
            ScratchFull: It is over the quota; nothing has changed.
        """
        at_us = microseconds(self._clock.wall())

        async def work(transaction: Transaction) -> int:
            place = (scope.agent, scope.caller, key)
            before = await transaction.rows(_GET, *place) if append else ()
            whole = from_blob(before[0][0]) + value if before else value
            sizes = dict(await transaction.rows(_SIZES, scope.agent, scope.caller))
            size = len(whole.encode("utf-8", "replace"))
            self._quota.check(sizes, key, size)
            await transaction.run(_PUT, *place, size, at_us, blob(whole))
            return size

        return await self._database.write(work)

    async def delete(self, scope: Scope, key: str) -> bool:
        """Forget a key; whether it was there."""
        return bool(await self._database.run(_DELETE, scope.agent, scope.caller, key))

    async def entries(self, scope: Scope) -> Sequence[ScratchEntry]:
        """What the scope holds, sorted by key."""
        rows = await self._database.rows(_SIZES, scope.agent, scope.caller)
        return [ScratchEntry(key=key, size_bytes=size) for key, size in rows]

    async def prune(self, before: datetime) -> int:
        """Forget the texts that were last written before this; how many."""
        sql = "DELETE FROM scratch WHERE written_us < ?"
        return await self._database.run(sql, microseconds(before))
