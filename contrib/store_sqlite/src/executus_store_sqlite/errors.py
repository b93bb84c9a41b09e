"""Why a store cannot be opened or used; the tree is drawn here.

StoreError             the URL, the loop, the process, or what SQLite says otherwise
├── StoreRefused       the file is no store of ours, or of a later release
├── StoreLocked        another process held the file for longer than we wait
├── StoreFull          no room: the disk, a quota, or a limit on the size of files
└── StoreReadOnly      the file or its folder may not be written
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from executus.errors import ExecutusError

__all__ = [
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "StoreReadOnly",
    "StoreRefused",
    "is_busy",
    "store_error",
]


class StoreError(ExecutusError):
    """The store cannot be opened or used; the message says why and what would change that."""


class StoreRefused(StoreError):
    """The file is no store of ours, or one of a later release; nothing in it was changed."""


class StoreLocked(StoreError):
    """Another process held the file for longer than we wait; nothing was changed."""


class StoreFull(StoreError):
    """There is no room for it; nothing was changed."""


class StoreReadOnly(StoreError):
    """The file or its folder may not be written by this process."""


_CANNOT_OPEN = "cannot be opened: its folder must exist, and this process must be able to write it"
_KINDS: Mapping[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (
        StoreLocked,
        "is locked by another process; try again, or see what holds it",
    ),
    sqlite3.SQLITE_LOCKED: (StoreLocked, "is locked; try again"),
    sqlite3.SQLITE_FULL: (StoreFull, "has no room to grow; make room on its disk"),
    sqlite3.SQLITE_READONLY: (
        StoreReadOnly,
        "may not be written; the store needs to write the file and its folder",
    ),
    sqlite3.SQLITE_CANTOPEN: (StoreError, _CANNOT_OPEN),
    sqlite3.SQLITE_PERM: (StoreReadOnly, _CANNOT_OPEN),
    sqlite3.SQLITE_NOTADB: (
        StoreRefused,
        "is not a database and cannot be opened as a store; give the store its own file",
    ),
    sqlite3.SQLITE_CORRUPT: (
        StoreError,
        "is damaged: go back to a backup, or recover what can be with `sqlite3 FILE .recover`",
    ),
    sqlite3.SQLITE_IOERR: (
        StoreError,
        "could not be read or written; its disk, or a limit on the size of files, is at fault",
    ),
}


def store_error(error: sqlite3.Error, path: str) -> StoreError:
    """What SQLite says, in our words; what there are none for is said in its own."""
    code = _code(error)
    kind, text = _KINDS.get(code & 0xFF, (StoreError, f"cannot be used: {error}"))
    return kind(f"{path} {text}")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else holds the file."""
    return _code(error) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
