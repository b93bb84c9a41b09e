"""What the batteries of executus keep, in one SQLite file."""

from executus_store_sqlite.errors import (
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreRefused,
)
from executus_store_sqlite.store import SqliteStore, open_store

__all__ = [
    "SqliteStore",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "StoreReadOnly",
    "StoreRefused",
    "open_store",
]
