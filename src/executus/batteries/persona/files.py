"""Personas in files: one to a file, from a folder or a package's data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from importlib.resources.abc import Traversable

from executus.batteries import definitions
from executus.batteries.persona.persona import Persona
from executus.batteries.persona.store import PersonaConflict, PersonaStore
from executus.definitionfile import DefinitionFile, parse_definition

__all__ = ["load_personas", "parse_persona", "save_missing", "write_persona"]

_NO_KEYS = frozenset({"version", "extra"})
_KEYS = frozenset(one.name for one in fields(Persona)) - _NO_KEYS


def parse_persona(text: str, source: str = "persona.md") -> Persona:
    """Read one file.

    Args:
        text: Its text: TOML, or Markdown whose body is the instructions.
        source: Its name; the ending decides, and it is the persona's name if the file has none.

    Raises:
        DefinitionError: It cannot be read; file and line are named.
    """
    return _read(parse_definition(text, source))


def write_persona(persona: Persona) -> str:
    """One Markdown file with the persona, for `parse_persona`.

    Its version, and what a later release added, are left out.
    """
    return definitions.write_named(persona.as_json(), without=_NO_KEYS | persona.extra.keys())


def load_personas(folder: Traversable) -> tuple[Persona, ...]:
    """The personas of a folder, such as `importlib.resources.files("package") / "personas"`.

    Raises:
        DefinitionError: One cannot be read, or two have the same name; file and line are named.
    """
    return definitions.load_named(folder, _read)


async def save_missing(store: PersonaStore, personas: Iterable[Persona]) -> tuple[str, ...]:
    """Save those that the store does not have; what people changed in it stays.

    Returns:
        The names of those saved.
    """
    return await definitions.save_missing(store.get, store.save, personas, conflict=PersonaConflict)


def _read(file: DefinitionFile) -> Persona:
    common = definitions.common_of(file, _KEYS)
    deny, skills = file.texts("deny"), file.texts("skills")
    return definitions.made(file, lambda: Persona(**common, deny=deny, skills=skills))
