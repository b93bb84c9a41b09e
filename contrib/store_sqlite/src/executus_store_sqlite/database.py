"""One connection to one file: one transaction at a time, each to its end."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import aiosqlite
import anyio

from executus_store_sqlite.errors import StoreError
from executus_store_sqlite.migrations import LATEST, statements
from majordomo.clock import SYSTEM_CLOCK
from majordomo.tasks import current_loop, finish

__all__ = ["Database", "Transaction", "connect"]

T = TypeVar("T")

APPLICATION_ID = 0x45585553
"""`EXUS`: tells our files from other SQLite files."""

BUSY_TIMEOUT_S = 5.0
_TRIES = 100
_PAUSE_S = 0.05
_ROWS_AT_ONCE = 64

_ABANDONED: list[aiosqlite.Connection] = []
"""Connections a forked child has inherited: they must be neither used nor closed there."""


class Transaction:
    """What may be done within a transaction.

    Args:
        connection: In a transaction that somebody else begins and ends.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        """What a query finds."""
        return list(await self._connection.execute_fetchall(sql, values))

    async def run(self, sql: str, *values: Any) -> None:
        """Change something."""
        async with self._connection.execute(sql, values):
            return

    async def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Change something for each of several rows."""
        async with self._connection.executemany(sql, values):
            return


class Database:
    """A file that is open. It belongs to the event loop and the process that opened it.

    Args:
        connection: Open, with every pragma set.
        path: The file, for messages.
    """

    def __init__(self, connection: aiosqlite.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self._loop = current_loop()
        self._pid = os.getpid()
        self._lock = anyio.Lock()
        self._closed = False

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do work in one transaction: all of it, on disk when this returns, or nothing.

        A cancellation waits for the transaction to end, and then goes on.

        Raises:
            StoreError: The store is closed, or belongs to another loop or process.
            sqlite3.Error: What SQLite says, such as that the disk is full.
        """
        self._check()
        async with self._lock:
            self._check()
            return await finish(partial(self._transact, "BEGIN IMMEDIATE", work))

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Look at the store as it is at one moment.

        Raises:
            StoreError: As `write`.
            sqlite3.Error: What SQLite says.
        """
        self._check()
        async with self._lock:
            self._check()
            return await finish(partial(self._transact, "BEGIN", work))

    async def close(self) -> None:
        """Wait for what is going on, then close the file and end the thread."""
        if os.getpid() != self._pid:
            _ABANDONED.append(self._connection)
            return
        with anyio.CancelScope(shield=True):
            async with self._lock:
                if not self._closed:
                    self._closed = True
                    await finish(self._connection.close)

    async def _transact(self, begin: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
        connection = self._connection
        await _execute(connection, begin)
        try:
            result = await work(Transaction(connection))
            await _execute(connection, "COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                await _execute(connection, "ROLLBACK")
            raise
        return result

    def _check(self) -> None:
        if os.getpid() != self._pid:
            raise StoreError(
                f"the store {self._path} was opened before this process was forked: "
                "open it anew in each process"
            )
        if self._closed:
            raise StoreError(f"the store {self._path} is closed: use it within its block")
        if current_loop() is not self._loop:
            raise StoreError(
                f"the store {self._path} belongs to the event loop that opened it: "
                "open it anew in each loop"
            )


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
        await _use_wal(connection)
        await _execute(connection, "PRAGMA synchronous = FULL")
        await database.write(partial(_migrate, path))
    except BaseException as error:
        if connection is not None:
            await connection.close()
        if isinstance(error, sqlite3.Error):
            raise StoreError(
                f"{path} cannot be opened as a store: {error} (its folder must exist and be "
                "writable, and the file must be ours)"
            ) from error
        raise
    opened.append(database)


def _connector(path: str, failed: list[sqlite3.Error]) -> sqlite3.Connection:
    """Open the file, in the driver's thread.

    A connector that raises would leave that thread ending after the loop that waits for it; so it
    gets something to close instead.
    """
    try:
        return sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    except sqlite3.Error as error:
        failed.append(error)
        return sqlite3.connect(":memory:")


def _raise_first(failed: Sequence[sqlite3.Error]) -> None:
    if failed:
        raise failed[0]


async def _execute(connection: aiosqlite.Connection, sql: str) -> None:
    async with connection.execute(sql):
        return


async def _recognise(path: str, transaction: Transaction) -> None:
    """Refuse other people's files before anything in them is changed.

    In one transaction: another process may be making the file at this moment.
    """
    ((found,),) = await transaction.rows("PRAGMA application_id")
    ((version,),) = await transaction.rows("PRAGMA user_version")
    if found == APPLICATION_ID:
        _refuse_newer(version, path)
    elif found or await transaction.rows("SELECT 1 FROM sqlite_schema LIMIT 1"):
        raise StoreError(f"{path} is a database of something else: give the store its own file")


def _refuse_newer(version: int, path: str) -> None:
    if version > LATEST:
        raise StoreError(
            f"{path} is of version {version}, this release reads up to {LATEST}: "
            "pip install -U executus-store-sqlite"
        )


async def _use_wal(connection: aiosqlite.Connection) -> None:
    """Several processes may do this at once, and SQLite's own waiting does not cover it."""
    for tries_left in reversed(range(_TRIES)):
        try:
            await _execute(connection, "PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if not tries_left:
                raise
            await SYSTEM_CLOCK.sleep(_PAUSE_S)
        else:
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
