"""Values of the sandbox as JSON values: everything has a plain form, nothing fails."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time
from typing import Any, cast

from executus_gateway.ports import BYTES_MARK

__all__ = ["plain"]

MAX_DEPTH = 100
MAX_REPR = 200
MAX_DIGITS = 4300
_MAX_INT = 10**MAX_DIGITS
"""Longer integers can be written as JSON, but not be read again: no log may hold one."""


def plain(value: object, depth: int = 0, *, mark: bool = False) -> Any:
    """A value as JSON has it.

    Tuples and sets become lists, bytes base64 text, times ISO text, keys text; what has no form of
    its own, its `repr`, cut. What is not a number is None, an integer over 4,300 digits a text that
    says so. With `mark` bytes are an object with the one key `BYTES_MARK`: what is sent as a file
    is not Base64.

    >>> plain({1: (b"x", {2.0})})
    {'1': ['eA==', [2.0]]}
    """
    if depth > MAX_DEPTH:
        return "…"
    match value:
        case bytes() if mark:
            return {BYTES_MARK: _scalar(value)}
        case None | bool() | int() | str() | float() | bytes() | date() | time():
            return _scalar(value)
        case Mapping():
            found = cast("Mapping[object, object]", value)
            return {_key(key): plain(item, depth + 1, mark=mark) for key, item in found.items()}
        case Sequence() | AbstractSet():
            items = cast("Sequence[object]", value)
            return [plain(item, depth + 1, mark=mark) for item in items]
        case _:
            return repr(value)[:MAX_REPR]


def _key(key: object) -> str:
    return str(_scalar(key) if isinstance(key, int) else key)


def _scalar(value: object) -> Any:
    match value:
        case int() if abs(value) >= _MAX_INT:
            return f"[an integer of {value.bit_length()} bits]"
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            return base64.b64encode(value).decode()
        case date() | time():
            return value.isoformat()
        case _:
            return value
