"""Budgets, audits, checkpoints and runs of executus in one SQLite file."""

from executus_store_sqlite.errors import StoreError
from executus_store_sqlite.store import SqliteStore, open_store

__all__ = ["SqliteStore", "StoreError", "open_store"]
