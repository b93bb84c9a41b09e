"""Members of vendors' objects: any of them may be missing, null or nonsense."""

from __future__ import annotations

from typing import Any, cast

__all__ = ["count_of", "object_of", "text_of"]


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
