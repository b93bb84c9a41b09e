"""Skills in files: one to a file, from a folder or a package's data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from importlib.resources.abc import Traversable

from executus.batteries.skill.savedskill import SavedSkill
from executus.batteries.skill.store import SkillConflict, SkillStore
from executus.definitionfile import DefinitionFile, definitions_in, parse_definition, write_front
from executus.errors import SetupError
from executus.invocation import Limits

__all__ = ["load_skills", "parse_skill", "save_missing", "write_skill"]

_KEYS = frozenset(one.name for one in fields(SavedSkill)) - {"version", "state", "extra"}
_LIMITS = frozenset(one.name for one in fields(Limits)) - {"extra"}


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
    values = replace(skill, extra={}, limits=_ours(skill.limits)).as_json()
    del values["version"], values["state"]
    plain = skill.instructions == skill.instructions.strip()
    if plain and "\r" not in skill.instructions:
        del values["instructions"]
        return write_front(values, skill.instructions)
    return write_front(values, "")


def load_skills(folder: Traversable) -> tuple[SavedSkill, ...]:
    """The skills of a folder, such as `importlib.resources.files("package") / "skills"`.

    Raises:
        DefinitionError: One cannot be read, or two have the same name; file and line are named.
    """
    loaded: dict[str, SavedSkill] = {}
    for file in definitions_in(folder):
        skill = _read(file)
        if skill.name in loaded:
            raise file.wrong("name", f"another file of this folder defines {skill.name!r} too")
        loaded[skill.name] = skill
    return tuple(loaded.values())


async def save_missing(store: SkillStore, skills: Iterable[SavedSkill]) -> tuple[str, ...]:
    """Save those that the store does not have; what people changed in it stays.

    Returns:
        The names of those saved.
    """
    saved: list[str] = []
    for skill in skills:
        try:
            if await store.get(skill.name) is None:
                await store.save(skill)
                saved.append(skill.name)
        except SkillConflict:  # another process saved it in this moment
            continue
    return tuple(saved)


def _read(file: DefinitionFile) -> SavedSkill:
    file.only(_KEYS)
    if file.body and "instructions" in file.values:
        raise file.wrong("instructions", "are in the body as well; say them once")
    try:
        return SavedSkill(
            name=file.text("name", file.stem),
            instructions=file.text("instructions") or file.body,
            description=file.text("description"),
            model=file.text("model") or None,
            tools=file.texts("tools"),
            limits=_limits(file),
            test_prompt=file.text("test_prompt"),
        )
    except SetupError as error:
        if type(error) is not SetupError:
            raise
        raise file.wrong("name", str(error)) from error


def _ours(limits: Limits | None) -> Limits | None:
    return limits and replace(limits, extra={})


def _limits(file: DefinitionFile) -> Limits | None:
    table = file.table("limits")
    for name in table:
        if name not in _LIMITS:
            raise file.wrong("limits", f"{name} is unknown; known are {', '.join(sorted(_LIMITS))}")
    try:
        return Limits.from_json(table) if table else None
    except (SetupError, TypeError, ArithmeticError) as error:
        raise file.wrong("limits", str(error)) from error
