"""Members of vendors' objects: any of them may be missing, null or nonsense."""

from __future__ import annotations

from typing import Any, cast

__all__ = ["call_id", "call_name", "count_of", "object_of", "text_of"]


def count_of(holder: dict[str, Any], name: str) -> int | None:
    """A counter; None when it is missing or no count."""
    value = holder.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def object_of(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """An object inside another; empty when it is missing or none."""
    found = holder.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def text_of(holder: dict[str, Any], name: str) -> str:
    """A text; empty when it is missing or none."""
    found = holder.get(name)
    return found if isinstance(found, str) else ""


def call_name(function: dict[str, Any]) -> str:
    """The name of a function to call.

    Raises:
        ValueError: It has none, so nothing can be called.
    """
    name = function.get("name")
    if not name or not isinstance(name, str):
        raise ValueError("a tool call without a name")
    return name


def call_id(call: dict[str, Any]) -> str:
    """The id of a call; empty when its server gave none.

    Raises:
        TypeError: It is no text, so no result could refer to it.
    """
    found = call.get("id") or ""
    if not isinstance(found, str):
        raise TypeError("a tool call whose id is no text")
    return found
