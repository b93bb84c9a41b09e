"""The store: one file, an accessor per seam."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import unquote

import anyio

from executus.tools.store import ScratchQuota
from executus_store_sqlite.audit import SqliteAuditStore, SqliteRunIndex
from executus_store_sqlite.budget import SqliteBudgetStorage
from executus_store_sqlite.database import Database
from executus_store_sqlite.errors import StoreError
from executus_store_sqlite.journals import SqliteJournalStorage
from executus_store_sqlite.opening import connect
from executus_store_sqlite.personas import SqliteNotes, SqlitePersonas
from executus_store_sqlite.schedule import SqliteSchedule
from executus_store_sqlite.scratch import SqliteScratch
from executus_store_sqlite.skills import SqliteSkills
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["SqliteStore", "open_store"]

_SCHEME = "sqlite:///"


class SqliteStore:
    """What batteries keep, in one file. Made by `open_store`.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def budget(self) -> SqliteBudgetStorage:
        """For `RollingBudget(…, storage=)`."""
        return SqliteBudgetStorage(self._database)

    def audit(self) -> SqliteAuditStore:
        """For `AuditLog(store=)`."""
        return SqliteAuditStore(self._database)

    def runs(self) -> SqliteRunIndex:
        """For `AuditLog(runs=)`."""
        return SqliteRunIndex(self._database)

    def checkpoints(self) -> SqliteJournalStorage:
        """For `DurableCheckpointer(storage=)`."""
        return SqliteJournalStorage(self._database)

    def personas(self) -> SqlitePersonas:
        """A `PersonaStore`."""
        return SqlitePersonas(self._database)

    def notes(self) -> SqliteNotes:
        """For `PersonaNotes(…, store=)`."""
        return SqliteNotes(self._database)

    def skills(self) -> SqliteSkills:
        """A `SkillStore`."""
        return SqliteSkills(self._database)

    def schedule(self) -> SqliteSchedule:
        """For `Scheduler(store=)`."""
        return SqliteSchedule(self._database)

    def scratch(
        self, quota: ScratchQuota | None = None, *, clock: Clock = SYSTEM_CLOCK
    ) -> SqliteScratch:
        """For `store_tools(store=)`, with bounds of each scope."""
        return SqliteScratch(self._database, quota or ScratchQuota(), clock)


@asynccontextmanager
async def open_store(url: str, *, create: bool = True) -> AsyncGenerator[SqliteStore]:
    """A store, open for as long as the block lasts.

    What a method of its seams has acknowledged is on disk (WAL, `synchronous=FULL`). Several
    processes may open the same file; it must not be on a network file system. Open it in each
    process and each event loop that uses it, and not before a fork.

    Args:
        url: `sqlite:///relative.db` or `sqlite:////absolute.db`; the file is made when missing.
        create: Otherwise a missing file is refused.

    Raises:
        StoreError: The URL or the file is none of ours, the file is missing or newer than this
            release, or there is no asyncio.
    """
    path = _path(url)
    if not create and not await anyio.Path(path).exists():
        raise StoreError(f"there is no store at {path}: is the path right, was anything written?")
    database = await connect(path)
    try:
        yield SqliteStore(database)
    finally:
        await database.close()


def _path(url: str) -> str:
    path = unquote(url.removeprefix(_SCHEME))
    if not url.startswith(_SCHEME) or not path or not path.isprintable():
        raise StoreError("a SQLite store is named like sqlite:///runs.db or sqlite:////var/runs.db")
    if path == ":memory:":
        raise StoreError("a store is a file: for memory, leave the batteries their defaults")
    return path
