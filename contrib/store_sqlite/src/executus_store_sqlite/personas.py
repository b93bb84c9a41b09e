"""Personas, and their notes about callers, in SQLite."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from executus.batteries.persona import Persona, PersonaConflict
from executus_store_sqlite.columns import json_text, values_of
from executus_store_sqlite.database import Database, Transaction
from executus_store_sqlite.rows import Rows

__all__ = ["SqliteNotes", "SqlitePersonas"]

_GET = """SELECT body FROM persona WHERE name = ?1
    AND version = coalesce(?2, (SELECT max(version) FROM persona WHERE name = ?1))"""
_LATEST = "SELECT coalesce(max(version), 0) FROM persona WHERE name = ?"
_FORGET = """DELETE FROM note WHERE persona = ? AND caller = ? AND place NOT IN (
    SELECT place FROM note WHERE persona = ? AND caller = ? ORDER BY place DESC LIMIT ?)"""


class SqlitePersonas:
    """A `PersonaStore`: a row per version, never changed.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows("persona", _persona)

    async def get(self, name: str, version: int | None = None) -> Persona | None:
        """A version, by default the latest.

        Raises:
            StoreError: It cannot be read.
        """
        rows = await self._database.rows(_GET, name, version)
        return self._rows.one(name, *rows[0]) if rows else None

    async def versions(self, name: str) -> tuple[int, ...]:
        """The versions there are."""
        sql = "SELECT version FROM persona WHERE name = ? ORDER BY version"
        return tuple(version for (version,) in await self._database.rows(sql, name))

    async def names(self) -> tuple[str, ...]:
        """The names of all."""
        sql = "SELECT DISTINCT name FROM persona ORDER BY name"
        return tuple(name for (name,) in await self._database.rows(sql))

    async def save(self, persona: Persona) -> Persona:
        """Keep it as a new version.

        Raises:
            PersonaConflict: The latest version is another one.
        """
        return await self._database.write(partial(_save, persona))

    async def delete(self, name: str) -> bool:
        """Forget all versions."""
        return bool(await self._database.run("DELETE FROM persona WHERE name = ?", name))


def _persona(body: str) -> Persona:
    return Persona.from_json(values_of(body))


async def _save(persona: Persona, transaction: Transaction) -> Persona:
    ((latest,),) = await transaction.rows(_LATEST, persona.name)
    if latest != persona.version:
        raise PersonaConflict(persona.name, latest)
    saved = replace(persona, version=latest + 1)
    await transaction.run(
        "INSERT INTO persona (name, version, body) VALUES (?, ?, ?)",
        *(saved.name, saved.version, json_text(saved.as_json())),
    )
    return saved


class SqliteNotes:
    """A `NoteStore`: a row per note.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, persona: str, caller_id: str, note: str, *, keep: int) -> None:
        """Append a note, and forget the oldest ones beyond `keep`."""
        await self._database.write(partial(_add, persona, caller_id, note, keep))

    async def get(self, persona: str, caller_id: str) -> tuple[str, ...]:
        """The notes, from the oldest."""
        sql = "SELECT body FROM note WHERE persona = ? AND caller = ? ORDER BY place"
        rows = await self._database.rows(sql, persona, caller_id)
        return tuple(values_of(body)["note"] for (body,) in rows)

    async def clear(self, persona: str, caller_id: str) -> None:
        """Forget them."""
        sql = "DELETE FROM note WHERE persona = ? AND caller = ?"
        await self._database.run(sql, persona, caller_id)


async def _add(
    persona: str, caller_id: str, note: str, keep: int, transaction: Transaction
) -> None:
    await transaction.run(
        "INSERT INTO note (persona, caller, body) VALUES (?, ?, ?)",
        *(persona, caller_id, json_text({"note": note})),
    )
    await transaction.run(_FORGET, persona, caller_id, persona, caller_id, keep)
