"""Foreign JSON as objects and lists; whatever is none is an empty one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import from_json

__all__ = ["as_list", "as_object", "json_object"]


def json_object(data: bytes | str) -> Mapping[str, Any]:
    """The object a text is.

    >>> json_object(b'{"a": 1}'), json_object("[1]"), json_object("<html>")
    ({'a': 1}, {}, {})
    """
    try:
        found: object = from_json(data)
    except ValueError:
        return {}
    return as_object(found)


def as_object(value: object) -> Mapping[str, Any]:
    """A value that should be an object."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """A value that should be a list."""
    return cast("list[Any]", value) if isinstance(value, list) else []
