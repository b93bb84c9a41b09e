"""What the host keeps in a database of its own: settings, conversations, karma.

Plain `sqlite3`, a connection for each piece of work, to be called in worker threads; a host that
has a database already would use that. What executus keeps is in its store, a file of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from executus.registry import Effect, policy
from majordomo.llm import Message, Role, Tool, dump_messages, load_messages, tool

__all__ = ["HostDatabase", "karma_tools"]

KEPT_TURNS = 10
"""How many of its latest turns a conversation keeps."""

_TABLES = """
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS talks (
    caller TEXT, persona TEXT, messages TEXT NOT NULL, PRIMARY KEY (caller, persona));
CREATE TABLE IF NOT EXISTS karma (name TEXT PRIMARY KEY, points INTEGER NOT NULL);
"""


class HostDatabase:
    """Tables in one file.

    Args:
        path: The file; made when missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._transaction() as connection:
            connection.executescript(_TABLES)

    def setting(self, key: str) -> str | None:
        """The value of a setting now: with `from_sync`, a `config.Source`."""
        return self._value("SELECT value FROM settings WHERE key = ?", key)

    def set(self, key: str, value: str) -> None:
        """Change a setting; whoever asks from now on is told."""
        with self._transaction() as connection:
            connection.execute("REPLACE INTO settings VALUES (?, ?)", (key, value))

    def talk(self, caller: str, persona: str) -> Sequence[Message]:
        """What a caller and a persona have said to each other, from the oldest."""
        sql = "SELECT messages FROM talks WHERE caller = ? AND persona = ?"
        text = self._value(sql, caller, persona)
        return load_messages(text) if text else ()

    def keep_talk(self, caller: str, persona: str, messages: Sequence[Message]) -> None:
        """Keep the latest turns; whole ones, so that no tool's result is without its call."""
        turns = [at for at, message in enumerate(messages) if message.role is Role.USER]
        text = dump_messages(messages[turns[-KEPT_TURNS:][0] :] if turns else ())
        with self._transaction() as connection:
            connection.execute("REPLACE INTO talks VALUES (?, ?, ?)", (caller, persona, text))

    def forget_talks(self, caller: str) -> None:
        """Forget what a caller and all personas have said to each other."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM talks WHERE caller = ?", (caller,))

    def give_karma(self, name: str, points: int) -> int:
        """Add points to somebody's; how many there are then."""
        add = """INSERT INTO karma VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET points = points + excluded.points RETURNING points"""
        with self._transaction() as connection:
            (total,) = connection.execute(add, (name, points)).fetchone()
            return total

    def karma(self, name: str) -> int:
        """Somebody's points."""
        return int(self._value("SELECT points FROM karma WHERE name = ?", name) or 0)

    def _value(self, sql: str, *values: str) -> str | None:
        with self._transaction() as connection:
            row = connection.execute(sql, values).fetchone()
            return row and row[0]

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            yield connection


def karma_tools(database: HostDatabase) -> tuple[Tool, ...]:
    """The host's own toolset: what it does, and what a crash may not repeat, is said with it."""

    @policy(effect=Effect.WRITE, keep_overflow=False)  # not idempotent: never made twice
    @tool
    def give(name: str, points: int) -> str:
        """Give somebody karma points.

        Args:
            name: To whom.
            points: How many.
        """
        return f"{name} now has {database.give_karma(name, points)} karma"

    @policy(effect=Effect.READ, keep_overflow=False)
    @tool
    def show(name: str) -> str:
        """Tell how much karma somebody has.

        Args:
            name: Who.
        """
        return f"{name} has {database.karma(name)} karma"

    return give, show
