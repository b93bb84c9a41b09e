"""Personas in files: one to a file, from a folder or a package's data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from importlib.resources.abc import Traversable

from executus.batteries.persona.persona import Persona
from executus.batteries.persona.store import PersonaConflict, PersonaStore
from executus.definitionfile import DefinitionFile, definitions_in, parse_definition, write_front
from executus.errors import SetupError
from executus.invocation import Limits

__all__ = ["load_personas", "parse_persona", "save_missing", "write_persona"]

_KEYS = frozenset(one.name for one in fields(Persona)) - {"version", "extra"}
_LIMITS = frozenset(one.name for one in fields(Limits)) - {"extra"}


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
    values = replace(persona, extra={}, limits=_ours(persona.limits)).as_json()
    del values["version"]
    plain = persona.instructions == persona.instructions.strip()
    if plain and "\r" not in persona.instructions:
        del values["instructions"]
        return write_front(values, persona.instructions)
    return write_front(values, "")


def load_personas(folder: Traversable) -> tuple[Persona, ...]:
    """The personas of a folder, such as `importlib.resources.files("package") / "personas"`.

    Raises:
        DefinitionError: One cannot be read, or two have the same name; file and line are named.
    """
    loaded: dict[str, Persona] = {}
    for file in definitions_in(folder):
        persona = _read(file)
        if persona.name in loaded:
            raise file.wrong("name", f"another file of this folder defines {persona.name!r} too")
        loaded[persona.name] = persona
    return tuple(loaded.values())


async def save_missing(store: PersonaStore, personas: Iterable[Persona]) -> tuple[str, ...]:
    """Save those that the store does not have; what people changed in it stays.

    Returns:
        The names of those saved.
    """
    saved: list[str] = []
    for persona in personas:
        try:
            if await store.get(persona.name) is None:
                await store.save(persona)
                saved.append(persona.name)
        except PersonaConflict:  # another process saved it in this moment
            continue
    return tuple(saved)


def _read(file: DefinitionFile) -> Persona:
    file.only(_KEYS)
    if file.body and "instructions" in file.values:
        raise file.wrong("instructions", "are in the body as well; say them once")
    try:
        return Persona(
            name=file.text("name", file.stem),
            instructions=file.text("instructions") or file.body,
            description=file.text("description"),
            model=file.text("model") or None,
            tools=file.texts("tools"),
            deny=file.texts("deny"),
            skills=file.texts("skills"),
            limits=_limits(file),
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
