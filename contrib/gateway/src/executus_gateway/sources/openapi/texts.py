"""Values as the text that stands in an address, a header or a form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from pydantic_core import to_json

__all__ = ["bracketed", "text_of"]


def text_of(value: Any) -> str:
    """A value as text: plain ones as they are, others as JSON.

    >>> text_of(True), text_of(1.5), text_of({"a": None})
    ('true', '1.5', '{"a":null}')
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case None | dict() | list():
            return to_json(value).decode()
        case _:
            return str(value)


def bracketed(name: str, value: Any) -> Iterable[tuple[str, str]]:
    """Names and texts of a nested value, its steps in brackets; what is None is left out.

    >>> list(bracketed("a", {"b": [1], "c": None}))
    [('a[b][0]', '1')]
    """
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from bracketed(f"{name}[{key}]", item)
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[Any]", value)):
            yield from bracketed(f"{name}[{number}]", item)
    elif value is not None:
        yield name, text_of(value)
