"""What the definitions of agents that people keep in files have in common, whatever they define."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import fields
from importlib.resources.abc import Traversable
from typing import Any, Protocol, TypedDict, TypeVar

from executus.definitionfile import DefinitionFile, definitions_in, write_front
from executus.errors import SetupError
from executus.invocation import Limits

__all__ = [
    "Common",
    "Named",
    "arguments_of",
    "common_of",
    "load_named",
    "made",
    "save_missing",
    "write_named",
]

_LIMITS = frozenset(one.name for one in fields(Limits)) - {"extra", "given"}


class Named(Protocol):
    """A definition: what has a name by which a store and a folder know it."""

    @property
    def name(self) -> str:
        """Unique in a store and in a folder."""
        ...


class Common(TypedDict):
    """The fields that each kind of definition has."""

    name: str
    instructions: str
    description: str
    model: str | None
    tools: tuple[str, ...]
    limits: Limits | None


N = TypeVar("N", bound=Named)


def common_of(file: DefinitionFile, keys: Collection[str]) -> Common:
    """The common fields of a file.

    Args:
        file: What to read; its name without folder and ending stands for a missing `name`.
        keys: All that it may hold.

    Raises:
        DefinitionError: It holds something else, or a value of the wrong kind.
    """
    file.only(keys)
    if file.body and "instructions" in file.values:
        raise file.wrong("instructions", "are in the body as well; say them once")
    return Common(
        name=file.text("name", file.stem),
        instructions=file.text("instructions") or file.body,
        description=file.text("description"),
        model=file.text("model") or None,
        tools=file.texts("tools"),
        limits=_limits_of(file),
    )


def made(file: DefinitionFile, make: Callable[[], N]) -> N:
    """What `make` makes of the file; a value that it refuses is a fault of the file.

    Raises:
        DefinitionError: With file and line.
    """
    try:
        return make()
    except SetupError as error:
        if type(error) is not SetupError:
            raise
        raise file.wrong("name", str(error)) from error


def load_named(folder: Traversable, read: Callable[[DefinitionFile], N]) -> tuple[N, ...]:
    """The definitions of a folder.

    Raises:
        DefinitionError: One cannot be read, or two have the same name.
    """
    loaded: dict[str, N] = {}
    for file in definitions_in(folder):
        found = read(file)
        if found.name in loaded:
            raise file.wrong("name", f"another file of this folder defines {found.name!r} too")
        loaded[found.name] = found
    return tuple(loaded.values())


def write_named(values: Mapping[str, Any], *, without: Collection[str]) -> str:
    """One Markdown file with a definition's plain values, for `common_of`.

    Args:
        values: As its `as_json` gives them.
        without: What is the store's and no file's.
    """
    told = {name: value for name, value in values.items() if name not in without}
    if limits := told.get("limits"):
        told["limits"] = {name: value for name, value in limits.items() if name in _LIMITS}
    instructions: str = told["instructions"]
    if instructions != instructions.strip() or "\r" in instructions:
        return write_front(told, "")  # a body would lose them
    del told["instructions"]
    return write_front(told, instructions)


async def save_missing(
    get: Callable[[str], Awaitable[N | None]],
    save: Callable[[N], Awaitable[object]],
    definitions: Iterable[N],
    *,
    conflict: type[Exception],
) -> tuple[str, ...]:
    """Save those that a store does not have; what people changed in it stays.

    Args:
        get: The store's, by name.
        save: The store's.
        definitions: What to save.
        conflict: What `save` raises when another process saved it in this moment.

    Returns:
        The names of those saved.
    """
    saved: list[str] = []
    for one in definitions:
        try:
            if await get(one.name) is None:
                await save(one)
                saved.append(one.name)
        except conflict:
            continue
    return tuple(saved)


def arguments_of(values: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Arguments for a definition from what `as_json` wrote, also by a later release.

    Args:
        values: What was written.
        names: Its fields; what has another name goes to `extra`.

    Raises:
        SetupError: A limit is out of its range.
    """
    known = {name: values[name] for name in names if name in values}
    if known.get("limits") is not None:
        known["limits"] = Limits.from_json(known["limits"])
    extra = {name: value for name, value in values.items() if name not in names}
    return {**known, "extra": extra}


def _limits_of(file: DefinitionFile) -> Limits | None:
    table = file.table("limits")
    for name in table:
        if name not in _LIMITS:
            raise file.wrong("limits", f"{name} is unknown; known are {', '.join(sorted(_LIMITS))}")
    try:
        return Limits.from_json(table) if table else None
    except (SetupError, TypeError, ArithmeticError) as error:
        raise file.wrong("limits", str(error)) from error
