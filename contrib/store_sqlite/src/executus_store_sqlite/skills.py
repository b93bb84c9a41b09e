"""Saved skills in SQLite."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from executus.batteries.skill import SavedSkill, SkillConflict, SkillState
from executus_store_sqlite.columns import json_text, values_of
from executus_store_sqlite.database import Database, Transaction
from executus_store_sqlite.rows import Rows

__all__ = ["SqliteSkills"]

_GET = """SELECT body, state FROM skill JOIN skill_version USING (name)
    WHERE name = ? AND version = coalesce(?, latest)"""
_LIST = """SELECT skill.name, body, state FROM skill JOIN skill_version
    ON skill_version.name = skill.name AND version = latest
    WHERE state = coalesce(?, state) ORDER BY skill.name"""
_SAVE = """INSERT INTO skill (name, state, latest) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET latest = excluded.latest"""


class SqliteSkills:
    """A `SkillStore`: a row per version, never changed, and one per skill with its state.

    A skill that cannot be read is left out of `list`, told of in the log, and kept.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows("skill", _skill)

    async def get(self, name: str, version: int | None = None) -> SavedSkill | None:
        """A version, by default the latest.

        Raises:
            StoreError: It cannot be read.
        """
        rows = await self._database.rows(_GET, name, version)
        return self._rows.one(name, *rows[0]) if rows else None

    async def list(self, state: SkillState | None = None) -> tuple[SavedSkill, ...]:
        """The latest version of each skill."""
        return self._rows.all(await self._database.rows(_LIST, state and str(state)))

    async def save(self, skill: SavedSkill) -> SavedSkill:
        """Keep it as a new version.

        Raises:
            SkillConflict: The latest version is another one, or the skill is archived.
        """
        return await self._database.write(partial(_save, skill))

    async def set_state(self, name: str, state: SkillState) -> SavedSkill:
        """Change the state of a skill.

        Raises:
            SkillConflict: There is no such skill, or its state may not become this.
        """
        return await self._database.write(partial(_set_state, name, state))


async def _save(skill: SavedSkill, transaction: Transaction) -> SavedSkill:
    rows = await transaction.rows("SELECT latest, state FROM skill WHERE name = ?", skill.name)
    latest, state = rows[0] if rows else (0, SkillState.DRAFT)
    if latest != skill.version:
        raise SkillConflict(skill.name, f"has the version {latest} by now; read it again")
    if state == SkillState.ARCHIVED:
        raise SkillConflict(skill.name, "is archived; make it a draft first")
    saved = replace(skill, version=latest + 1, state=SkillState(state))
    await transaction.run(_SAVE, saved.name, str(saved.state), saved.version)
    await transaction.run(
        "INSERT INTO skill_version (name, version, body) VALUES (?, ?, ?)",
        *(saved.name, saved.version, json_text(saved.as_json())),
    )
    return saved


async def _set_state(name: str, state: SkillState, transaction: Transaction) -> SavedSkill:
    rows = await transaction.rows(_GET, name, None)
    if not rows:
        raise SkillConflict(name, "is unknown")
    skill = _skill(*rows[0])
    if skill.state is not state and not skill.state.may_become(state):
        raise SkillConflict(name, f"is {skill.state} and cannot become {state}")
    await transaction.run("UPDATE skill SET state = ? WHERE name = ?", str(state), name)
    return replace(skill, state=state)


def _skill(body: str, state: str) -> SavedSkill:
    return SavedSkill.from_json({**values_of(body), "state": state})
