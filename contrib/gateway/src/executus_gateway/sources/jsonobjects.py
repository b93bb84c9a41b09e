"""A foreign body as a JSON object; whatever is none is an empty one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import from_json

__all__ = ["json_object"]


def json_object(data: bytes | str) -> Mapping[str, Any]:
    """The object a text is.

    >>> json_object(b'{"a": 1}'), json_object("[1]"), json_object("<html>")
    ({'a': 1}, {}, {})
    """
    try:
        found: object = from_json(data)
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}
