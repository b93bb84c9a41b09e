"""One connection to one file: one transaction at a time, each to its end."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import aiosqlite
import anyio

from executus_store_sqlite.errors import StoreError, is_busy, store_error
from majordomo.clock import SYSTEM_CLOCK
from majordomo.tasks import current_loop, finish

__all__ = ["PATIENCE_S", "Database", "Transaction"]

T = TypeVar("T")

BUSY_TIMEOUT_S = 5.0
"""How long a transaction waits for those of other processes."""
PATIENCE_S = 0.02
"""How long SQLite itself waits: the longer it does, the less often it looks, and one starves."""

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

    async def run(self, sql: str, *values: Any) -> int:
        """Change something; in how many rows."""
        async with self._connection.execute(sql, values) as cursor:
            return cursor.rowcount

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

        The work is done again when another process was in the way.

        A cancellation waits for the transaction to end, and then goes on.

        Raises:
            StoreError: The store is closed, or belongs to another loop or process, or what SQLite
                says, such as `StoreFull`.
        """
        self._check()
        async with self._lock:
            self._check()
            return await finish(partial(self._transact, "BEGIN IMMEDIATE", work))

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Look at the store as it is at one moment.

        Raises:
            StoreError: As `write`.
        """
        self._check()
        async with self._lock:
            self._check()
            return await finish(partial(self._transact, "BEGIN", work))

    async def run(self, sql: str, *values: Any) -> int:
        """Change something in one transaction; in how many rows."""
        return await self.write(lambda transaction: transaction.run(sql, *values))

    async def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        """What a query finds."""
        return await self.read(lambda transaction: transaction.rows(sql, *values))

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
        end = SYSTEM_CLOCK.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                return await self._attempt(begin, work)
            except (UnicodeEncodeError, OverflowError) as error:
                raise StoreError(
                    f"{self._path} cannot keep a value: text needs to be Unicode without lone "
                    "surrogates, and whole numbers need to fit in 64 bits"
                ) from error
            except sqlite3.Error as error:
                if not is_busy(error) or SYSTEM_CLOCK.monotonic() >= end:
                    raise store_error(error, self._path) from error

    async def _attempt(self, begin: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
        transaction = Transaction(self._connection)
        await transaction.run(begin)
        try:
            result = await work(transaction)
            await transaction.run("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                await transaction.run("ROLLBACK")
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
