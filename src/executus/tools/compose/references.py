"""References in a pipeline's arguments: `$1`, `$1.field`, `$item`, and `${…}` inside a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic_core import to_json

from majordomo.llm import BadArguments

__all__ = ["as_list", "as_text", "check_size", "field_of", "look_up", "names_in", "resolve"]

_PATH = r"(item|[0-9]{1,3})((?:\.[\w-]+)*)"
_WHOLE = re.compile(rf"\${_PATH}")
_INSIDE = re.compile(rf"\$\{{{_PATH}\}}")
MAX_DEPTH = 32
MAX_TEXT_CHARS = 1024 * 1024
MAX_ARGUMENT_CHARS = 4 * 1024 * 1024


def resolve(value: Any, scope: Mapping[str, Any], depth: int = 0) -> Any:
    """A value with its references replaced.

    A text that is a reference as a whole becomes what it refers to, of any type; inside a text
    `${1.field}` becomes text. `$$` at the beginning of a text stands for one dollar sign.

    Args:
        value: JSON values.
        scope: What may be referred to: results by step number, and `item`.
        depth: How deep the value lies.

    Raises:
        BadArguments: A reference leads nowhere, or the value is nested too deep.
    """
    if depth > MAX_DEPTH:
        raise BadArguments(f"arguments may be nested {MAX_DEPTH} deep at most")
    match value:
        case str():
            return _resolve_text(value, scope)
        case list():
            return [resolve(one, scope, depth + 1) for one in cast("list[Any]", value)]
        case dict():
            items = cast("dict[str, Any]", value).items()
            return {key: resolve(one, scope, depth + 1) for key, one in items}
        case _:
            return value


def _resolve_text(text: str, scope: Mapping[str, Any]) -> Any:
    if text.startswith("$$"):
        return text[1:]
    whole = _WHOLE.fullmatch(text)
    if whole:
        return look_up(scope, whole[1], whole[2], text)
    if "${" not in text:
        return text
    pieces: list[str] = []
    at = size = 0
    for found in _INSIDE.finditer(text):
        pieces += text[at : found.start()], as_text(look_up(scope, found[1], found[2], found[0]))
        at = found.end()
        size += len(pieces[-1])
        if size > MAX_TEXT_CHARS:
            raise BadArguments(f"a text with what it refers to is over {MAX_TEXT_CHARS} characters")
    return "".join((*pieces, text[at:]))


def names_in(value: Any, depth: int = 0) -> Iterator[str]:
    """The step numbers, and `item`, that a value refers to."""
    if depth > MAX_DEPTH:
        return
    match value:
        case str() if not value.startswith("$$"):
            whole = _WHOLE.fullmatch(value)
            found = [whole] if whole else _INSIDE.finditer(value)
            yield from (one[1] for one in found)
        case list():
            for one in cast("list[Any]", value):
                yield from names_in(one, depth + 1)
        case dict():
            for one in cast("dict[str, Any]", value).values():
                yield from names_in(one, depth + 1)
        case _:
            return


def look_up(scope: Mapping[str, Any], name: str, path: str, shown: str) -> Any:
    """What a reference refers to.

    Raises:
        BadArguments: It leads nowhere.
    """
    if name not in scope:
        known = ", ".join(f"${one}" for one in scope) or "none yet"
        raise BadArguments(
            f"{shown} refers to nothing here (known: {known}); "
            "for a text that begins with a dollar sign write $$"
        )
    value = scope[name]
    for step in path.split(".")[1:]:
        value = field_of(value, step, shown)
    return value


def field_of(value: Any, step: str, shown: str) -> Any:
    """A field of an object, or an item of a list by its number from 0.

    Raises:
        BadArguments: There is none.
    """
    match value:
        case dict():
            fields = cast("dict[str, Any]", value)
            if step in fields:
                return fields[step]
            has = f"it has: {', '.join(list(fields)[:20]) or 'none'}"
        case list():
            items = cast("list[Any]", value)
            if step.isdecimal() and len(step) < 10 and int(step) < len(items):
                return items[int(step)]
            has = f"it is a list of {len(items)}, numbered from 0"
        case _:
            has = f"it is {_kind(value)}"
    raise BadArguments(f"{shown}: there is no {step!r}; {has}")


def _kind(value: object) -> str:
    return "a text, not an object" if isinstance(value, str) else f"{as_text(value)[:40]}"


def as_text(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else to_json(value, inf_nan_mode="strings").decode()


def check_size(value: Any) -> None:
    """Refuse what would be long as JSON: a few references can stand for gigabytes.

    Raises:
        BadArguments: It has over 4 Mi characters.
    """
    room = MAX_ARGUMENT_CHARS
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        inner: Sequence[Any] = ()
        match one:
            case str():
                room -= len(one)
            case list():
                inner = cast("list[Any]", one)
            case dict():
                items = cast("dict[str, Any]", one)
                inner = [*items, *items.values()]
            case _:
                room -= 1
        room -= len(inner)
        if room < 0:
            raise BadArguments(
                f"the arguments with what they refer to are over {MAX_ARGUMENT_CHARS} characters; "
                "refer to less"
            )
        waiting.extend(inner)


def as_list(value: Any, shown: str) -> Sequence[Any]:
    """A value that must be a list.

    Raises:
        BadArguments: It is none.
    """
    if not isinstance(value, list):
        raise BadArguments(f"{shown} is no list but {as_text(value)[:80]}")
    return cast("list[Any]", value)
