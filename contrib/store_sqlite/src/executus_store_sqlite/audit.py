"""An audit's records, and the index of runs, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from executus.batteries.audit import AuditRecord, RunQuery, RunRecord, record_from_json
from executus_store_sqlite.columns import json_text, microseconds, moment, values_of
from executus_store_sqlite.database import Database, Transaction
from executus_store_sqlite.rows import UNREADABLE, Rows, unreadable

__all__ = ["SqliteAuditStore", "SqliteRunIndex"]

_WRITE = """INSERT INTO record (run_id, id, at_us, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (run_id, id) DO UPDATE SET at_us = excluded.at_us, body = excluded.body"""
_PUT = """INSERT INTO run (run_id, caller, agent, status, root, started_us, ended_us, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run_id) DO UPDATE SET caller = excluded.caller, agent = excluded.agent,
        status = excluded.status, root = excluded.root, started_us = excluded.started_us,
        ended_us = excluded.ended_us, body = excluded.body"""
_READ = "SELECT run_id, caller, agent, status, root, started_us, ended_us, body FROM run"
_OLD = "SELECT run_id FROM record GROUP BY run_id HAVING max(at_us) < ?"


class SqliteAuditStore:
    """An `AuditStore`: each record whole, as JSON.

    A record that cannot be read is left out, told of in the log, and kept.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows("audit record", _record)

    async def write(self, records: Sequence[AuditRecord]) -> None:
        """Keep these."""
        rows = [
            (record.run_id, record.id, microseconds(record.at), json_text(record.as_json()))
            for record in records
        ]
        await self._database.write(lambda transaction: transaction.run_many(_WRITE, rows))

    async def read(self, run_id: str) -> Sequence[AuditRecord]:
        """A run's records."""
        sql = "SELECT run_id || ' ' || id, body FROM record WHERE run_id = ? ORDER BY place"
        return self._rows.all(await self._database.rows(sql, run_id))

    async def prune(self, before: datetime) -> int:
        """Forget the runs whose latest record was made before this; how many."""
        return await self._database.write(partial(_prune, microseconds(before)))


class SqliteRunIndex:
    """A `RunIndex`: each record whole, as JSON, beside the columns that are asked for.

    Of a record that cannot be read, what the columns say is told, and its `error` says so.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, record: RunRecord) -> None:
        """Keep it."""
        row = (
            record.run_id,
            record.caller,
            record.agent,
            record.status,
            record.root,
            microseconds(record.started),
            None if record.ended is None else microseconds(record.ended),
            json_text(record.as_json()),
        )
        await self._database.run(_PUT, *row)

    async def get(self, run_id: str) -> RunRecord | None:
        """The run's record, or None."""
        rows = await self._database.rows(f"{_READ} WHERE run_id = ?", run_id)
        return _run(*rows[0]) if rows else None

    async def list(self, query: RunQuery) -> Sequence[RunRecord]:
        """The runs that match, the latest first."""
        rows = await self._database.read(partial(_list, query))
        return tuple(_run(*row) for row in rows)

    async def prune(self, before: datetime) -> int:
        """Forget the runs that ended before this; how many."""
        return await self._database.run("DELETE FROM run WHERE ended_us < ?", microseconds(before))


async def _prune(before_us: int, transaction: Transaction) -> int:
    old = await transaction.rows(_OLD, before_us)
    await transaction.run_many("DELETE FROM record WHERE run_id = ?", old)
    return len(old)


async def _list(query: RunQuery, transaction: Transaction) -> Sequence[Any]:
    asked: list[tuple[str, Any]] = [
        ("caller = ?", query.caller),
        ("agent = ?", query.agent),
        ("status = ?", query.status),
        ("root = ?", query.root),
        ("run_id >= ?", query.id_prefix or None),
        ("run_id < ?", f"{query.id_prefix}\U0010ffff" if query.id_prefix else None),
        ("started_us >= ?", None if query.after is None else microseconds(query.after)),
        ("started_us < ?", None if query.before is None else microseconds(query.before)),
    ]
    given = [(condition, value) for condition, value in asked if value is not None]
    where = " AND ".join(["1", *(condition for condition, _ in given)])
    return await transaction.rows(
        f"{_READ} WHERE {where} "  # conditions are the literals above
        "ORDER BY started_us DESC, run_id DESC LIMIT ? OFFSET ?",
        *(value for _, value in given),
        query.limit,
        query.offset,
    )


def _record(body: str) -> AuditRecord:
    return record_from_json(values_of(body))


def _run(  # noqa: PLR0917 - the columns, in their order
    run_id: str,
    caller: str,
    agent: str,
    status: str,
    root: str,
    started_us: int,
    ended_us: int | None,
    body: str,
) -> RunRecord:
    try:
        record = _record(body)
        if isinstance(record, RunRecord):
            return record
        fault: Exception = TypeError(f"it is of the kind {record.kind!r}")
    except UNREADABLE as error:
        fault = error
    return RunRecord(
        id=run_id,
        run_id=run_id,
        at=moment(started_us),
        parent=None,
        root=root,
        agent=agent,
        caller=caller,
        status=status,
        started=moment(started_us),
        ended=None if ended_us is None else moment(ended_us),
        error=unreadable("record of run", run_id, fault),
    )
