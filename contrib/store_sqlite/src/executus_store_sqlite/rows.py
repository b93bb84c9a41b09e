"""Rows of records: one that cannot be read hides no other, and is told of and kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from executus.errors import SetupError
from executus_store_sqlite.errors import StoreError

__all__ = ["UNREADABLE", "Rows", "unreadable"]

logger = logging.getLogger("executus.store.sqlite")

T = TypeVar("T")

UNREADABLE = (SetupError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What reading a damaged row, or one of a later release, ends in."""


class Rows(Generic[T]):
    """Makes records of rows.

    Args:
        kind: What they are called, such as `job`.
        read: Makes one of a row's values behind its key.
    """

    def __init__(self, kind: str, read: Callable[..., T]) -> None:
        self._kind = kind
        self._read = read
        self._told: set[object] = set()

    def all(self, rows: Iterable[Sequence[Any]]) -> tuple[T, ...]:
        """Those that can be read; each other one is logged once and left where it is.

        Args:
            rows: Each a key and then what `read` takes.
        """
        found: list[T] = []
        for key, *values in rows:
            try:
                found.append(self._read(*values))
            except UNREADABLE as error:
                self._tell(key, error)
            else:
                self._told.discard(key)
        return tuple(found)

    def one(self, key: object, *values: Any) -> T:
        """One of them.

        Raises:
            StoreError: It cannot be read.
        """
        try:
            return self._read(*values)
        except UNREADABLE as error:
            raise StoreError(unreadable(self._kind, key, error)) from error

    def _tell(self, key: object, error: Exception) -> None:
        if key not in self._told:
            self._told.add(key)
            logger.warning("%s; it is left out, and kept", unreadable(self._kind, key, error))


def unreadable(kind: str, key: object, error: Exception) -> str:
    """The sentence about a row that ends in one of `UNREADABLE`."""
    return (
        f"the {kind} {key!r} cannot be read: it is damaged, or was written by a later release "
        f"({type(error).__name__}: {error})"
    )
