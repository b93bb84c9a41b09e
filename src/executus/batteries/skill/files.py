"""Skills in files: one to a file, from a folder or a package's data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from importlib.resources.abc import Traversable

from executus.batteries import definitions
from executus.batteries.skill.savedskill import SavedSkill
from executus.batteries.skill.store import SkillConflict, SkillStore
from executus.definitionfile import DefinitionFile, parse_definition

__all__ = ["load_skills", "parse_skill", "save_missing", "write_skill"]

_NO_KEYS = frozenset({"version", "state", "extra"})
_KEYS = frozenset(one.name for one in fields(SavedSkill)) - _NO_KEYS


def parse_skill(text: str, source: str = "skill.md") -> SavedSkill:
    """Read one file.

    Args:
        text: Its text: TOML, or Markdown whose body is the instructions.
        source: Its name; the ending decides, and it is the skill's name if the file has none.

    Raises:
        DefinitionError: It cannot be read; file and line are named.
    """
    return _read(parse_definition(text, source))


def write_skill(skill: SavedSkill) -> str:
    """One Markdown file with the skill, for `parse_skill`.

    Its version, its state, and what a later release added, are left out.
    """
    return definitions.write_named(skill.as_json(), without=_NO_KEYS | skill.extra.keys())


def load_skills(folder: Traversable) -> tuple[SavedSkill, ...]:
    """The skills of a folder, such as `importlib.resources.files("package") / "skills"`.

    Raises:
        DefinitionError: One cannot be read, or two have the same name; file and line are named.
    """
    return definitions.load_named(folder, _read)


async def save_missing(store: SkillStore, skills: Iterable[SavedSkill]) -> tuple[str, ...]:
    """Save those that the store does not have; what people changed in it stays.

    Returns:
        The names of those saved.
    """
    return await definitions.save_missing(store.get, store.save, skills, conflict=SkillConflict)


def _read(file: DefinitionFile) -> SavedSkill:
    common = definitions.common_of(file, _KEYS)
    prompt = file.text("test_prompt")
    return definitions.made(file, lambda: SavedSkill(**common, test_prompt=prompt))
