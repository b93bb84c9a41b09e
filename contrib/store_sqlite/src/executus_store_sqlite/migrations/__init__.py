"""The numbered SQL files that make a store, forward only."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

__all__ = ["LATEST", "statements"]

_NAMES = ("0001_begin", "0002_keep_the_rest")

LATEST = len(_NAMES)


def statements(version: int) -> Sequence[str]:
    """What makes a store of one version out of one of the version before."""
    name = f"{_NAMES[version - 1]}.sql"
    text = (files("executus_store_sqlite.migrations") / name).read_text("utf-8")
    return [statement.strip() for statement in text.split(";\n") if statement.strip()]
