"""How the text of a setting is read: numbers in a range, durations, switches, lists.

Pure; each reader raises `ValueError` whose text says what would fit, and never shows the value.
"""

from __future__ import annotations

import math
import re
from typing import TypeVar

__all__ = ["looks_secret", "parse_bool", "parse_duration", "parse_float", "parse_int", "parse_list"]

Number = TypeVar("Number", int, float)

_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION = re.compile(
    rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?",
    re.ASCII,
)
_SECONDS = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
_PLAIN = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_SWITCH = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_SECRET_KEY = re.compile(r"key|token|secret|passw|credential|auth|dsn|url|cookie", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/\s]*@")


def parse_int(text: str, minimum: int | None = None, maximum: int | None = None) -> int:
    """A whole number in a range, both ends included.

    Raises:
        ValueError: It is none.
    """
    try:
        number = int(text)
    except ValueError:
        raise ValueError("a whole number") from None
    return _in_range("a whole number", number, minimum, maximum)


def parse_float(text: str, minimum: float | None = None, maximum: float | None = None) -> float:
    """A finite number in a range, both ends included.

    Raises:
        ValueError: It is none.
    """
    try:
        number = float(text)
    except ValueError:
        raise ValueError("a number") from None
    if not math.isfinite(number):
        raise ValueError("a finite number")
    return _in_range("a number", number, minimum, maximum)


def parse_duration(text: str, minimum: float | None = None, maximum: float | None = None) -> float:
    """Seconds of a duration: `30s`, `5m`, `1h30m`, `250ms`, `2d`, or plain seconds.

    Units come in falling order, each at most once.

    Raises:
        ValueError: It is none, or out of its range in seconds.
    """
    plain = text.strip().lower()
    match = _DURATION.fullmatch(f"{plain}s" if _PLAIN.fullmatch(plain) else plain)
    figures = [None] * len(_SECONDS) if match is None else match.groups()
    parts = [float(one) * unit for one, unit in zip(figures, _SECONDS, strict=True) if one]
    if not parts or not math.isfinite(sum(parts)):
        raise ValueError("a duration such as 30s, 5m, 1h30m, or plain seconds")
    return _in_range("seconds", sum(parts), minimum, maximum)


def parse_bool(text: str) -> bool:
    """A switch: 1, true, yes, on; 0, false, no, off; in any case.

    Raises:
        ValueError: It is none.
    """
    try:
        return _SWITCH[text.strip().lower()]
    except KeyError:
        raise ValueError("1, true, yes, on, 0, false, no or off") from None


def parse_list(text: str) -> tuple[str, ...]:
    """What stands between commas, without white space around it; empty items are left out."""
    return tuple(item for part in text.split(",") if (item := part.strip()))


def looks_secret(key: str, value: str) -> bool:
    """Whether a setting's value should not be shown."""
    return bool(_SECRET_KEY.search(key) or _LOGIN.search(value))


def _in_range(what: str, number: Number, minimum: Number | None, maximum: Number | None) -> Number:
    if minimum is not None and number < minimum:
        raise ValueError(f"{what}, at least {minimum:g}")
    if maximum is not None and number > maximum:
        raise ValueError(f"{what}, at most {maximum:g}")
    return number
