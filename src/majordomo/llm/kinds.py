"""What the fields of requests and settings must be; a mistake is told where it is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

from majordomo.errors import ConfigError, did_you_mean

__all__ = ["require", "require_count", "require_ends", "require_number", "require_word"]


def require(name: str, value: object, kind: type[Any] | tuple[type[Any], ...], what: str) -> None:
    """Refuse a value of another kind.

    Raises:
        ConfigError: It is of another kind.
    """
    if not isinstance(value, kind):
        raise ConfigError(f"{name} must be {what}, not {value!r:.100}")


def require_count(name: str, value: object, least: int | None = None) -> None:
    """Refuse what is no whole number, or less than the least.

    Raises:
        ConfigError: It is.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{name} must be a whole number, not {value!r:.100}")
    if least is not None and value < least:
        raise ConfigError(f"{name} must be at least {least}, not {value}")


def require_number(name: str, value: object, *, bounded: bool = True) -> None:
    """Refuse what is no number, or one that JSON cannot carry.

    Raises:
        ConfigError: It is.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"{name} must be a number, not {value!r:.100}")
    if math.isnan(value) or (bounded and math.isinf(value)):
        raise ConfigError(f"{name} must be a finite number, not {value}")


def require_word(name: str, value: object, known: Sequence[str]) -> None:
    """Refuse what is none of the known words.

    Raises:
        ConfigError: It is.
    """
    if value not in known:
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        raise ConfigError(f"{name} must be one of {', '.join(known)}, not {value!r:.100}{hint}")


def require_ends(name: str, value: object, kind: type[Any], what: str) -> None:
    """Refuse what is no list, or one whose first or last item is of another kind.

    Not each item: a long transcript would be gone through at every call.

    Raises:
        ConfigError: It is.
    """
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise ConfigError(f"{name} must be {what}, not {_kind(value)}")
    items = cast("Sequence[object]", value)
    ends = (items[0], items[-1]) if items else ()  # not slices, which a deque has none of
    for item in ends:
        if not isinstance(item, kind):
            raise ConfigError(f"{name} must be {what}; there is {_kind(item)} in it")


def _kind(value: object) -> str:
    """A value's type; what was said itself may be private."""
    return f"a value of type {type(value).__name__}"
