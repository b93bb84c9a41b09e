"""Opening a file: recognised, brought to this release, and set to keep what it acknowledges."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial

import aiosqlite

from executus_store_sqlite.database import PATIENCE_S, Database, Transaction
from executus_store_sqlite.errors import StoreError, StoreRefused, is_busy, store_error
from executus_store_sqlite.migrations import LATEST, statements
from majordomo.clock import SYSTEM_CLOCK
from majordomo.tasks import current_loop, finish

__all__ = ["connect"]

APPLICATION_ID = 0x45585553
"""`EXUS`: tells our files from other SQLite files."""

_TRIES = 100
_PAUSE_S = 0.05
_ROWS_AT_ONCE = 64


async def connect(path: str) -> Database:
    """Open a file, and bring it to the version of this release; it is made when missing.

    Raises:
        StoreError: Not under asyncio, or the file is newer, not a store, or cannot be opened.
    """
    if not isinstance(current_loop(), asyncio.AbstractEventLoop):
        raise StoreError("the SQLite store needs asyncio: its driver knows no trio")
    opened: list[Database] = []
    try:
        await finish(partial(_open, path, opened))
    except BaseException:  # cancelled, and yet opened: nobody else will close it
        for database in opened:
            await database.close()
        raise
    return opened[0]


async def _open(path: str, opened: list[Database]) -> None:
    connection: aiosqlite.Connection | None = None
    try:
        failed: list[sqlite3.Error] = []
        connection = await aiosqlite.Connection(partial(_connector, path, failed), _ROWS_AT_ONCE)
        _raise_first(failed)
        database = Database(connection, path)
        await database.read(partial(_recognise, path))
        await _use_wal(connection, path)
        await connection.execute_fetchall("PRAGMA synchronous = FULL")
        await database.write(partial(_migrate, path))
    except BaseException as error:
        if connection is not None:
            await connection.close()
        if isinstance(error, sqlite3.Error):
            raise store_error(error, path) from error
        raise
    opened.append(database)


def _connector(path: str, failed: list[sqlite3.Error]) -> sqlite3.Connection:
    """Open the file, in the driver's thread.

    A connector that raises would leave that thread ending after the loop that waits for it; so it
    gets something to close instead.
    """
    try:
        return sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_S)
    except sqlite3.Error as error:
        failed.append(error)
        return sqlite3.connect(":memory:")


def _raise_first(failed: Sequence[sqlite3.Error]) -> None:
    if failed:
        raise failed[0]


async def _recognise(path: str, transaction: Transaction) -> None:
    """Refuse other people's files before anything in them is changed.

    In one transaction: another process may be making the file at this moment.
    """
    ((found,),) = await transaction.rows("PRAGMA application_id")
    ((version,),) = await transaction.rows("PRAGMA user_version")
    if found == APPLICATION_ID:
        _refuse_newer(version, path)
    elif found or await transaction.rows("SELECT 1 FROM sqlite_schema LIMIT 1"):
        raise StoreRefused(f"{path} is a database of something else: give the store its own file")


def _refuse_newer(version: int, path: str) -> None:
    if version > LATEST:
        raise StoreRefused(
            f"{path} is of version {version}, this release reads up to {LATEST}: "
            "pip install -U executus-store-sqlite"
        )


async def _use_wal(connection: aiosqlite.Connection, path: str) -> None:
    """Several processes may do this at once, and SQLite's own waiting does not cover it."""
    for tries_left in reversed(range(_TRIES)):
        try:
            rows = await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not tries_left or not is_busy(error):
                raise
            await SYSTEM_CLOCK.sleep(_PAUSE_S)
        else:
            if [mode for (mode,) in rows] != ["wal"]:
                raise StoreError(f"{path} cannot be used with WAL: put it on a local disk")
            return


async def _migrate(path: str, transaction: Transaction) -> None:
    ((version,),) = await transaction.rows("PRAGMA user_version")
    _refuse_newer(version, path)
    for number in range(version + 1, LATEST + 1):
        for statement in statements(number):
            await transaction.run(statement)
        await transaction.run(f"PRAGMA user_version = {number:d}")
    if not version:
        await transaction.run(f"PRAGMA application_id = {APPLICATION_ID:d}")
