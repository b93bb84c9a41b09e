"""Token counts as vendors write them: any of them may be missing, null or nonsense."""

from __future__ import annotations

from typing import Any, cast

__all__ = ["token_count", "token_object"]


def token_count(counts: dict[str, Any], name: str) -> int | None:
    """A counter; None when it is missing or no count."""
    value = counts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def token_object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """An object inside another; empty when it is missing or none."""
    found = holder.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
