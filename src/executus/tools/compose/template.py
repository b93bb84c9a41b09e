"""Templates with names in braces, filled with values; nothing in them is ever executed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from executus.tools.compose.references import as_text, field_of
from majordomo.llm import BadArguments

__all__ = ["fill"]

_MARK = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"\s*([\w-]+(?:\.[\w-]+)*)\s*")
MAX_CHARS = 256 * 1024


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A template with its names replaced.

    `{a.b}` is the field b of the value a, `{a.0}` the first item of a list; `{{` and `}}` are
    braces. What is no text is written as JSON. Braces in values stay as they are.

    Raises:
        BadArguments: A name leads nowhere or is none, a brace stands alone, or the result is too
            long.

    Example:
        >>> fill("Dear {who.name}, {{see}} {n}", {"who": {"name": "Ann"}, "n": 3})
        'Dear Ann, {see} 3'
    """
    pieces: list[str] = []
    at = size = 0
    for found in _MARK.finditer(template):
        pieces += template[at : found.start()], _replaced(found, values)
        at = found.end()
        size += len(pieces[-1]) + len(pieces[-2])
        if size > MAX_CHARS:
            break
    pieces.append(template[at:])
    if size + len(pieces[-1]) > MAX_CHARS:
        raise BadArguments(f"the text would have over {MAX_CHARS} characters; use less")
    return "".join(pieces)


def _replaced(found: re.Match[str], values: Mapping[str, Any]) -> str:
    mark = found[0]
    if mark in ("{{", "}}"):
        return mark[0]
    name = _NAME.fullmatch(found[1] or "")
    if name is None:
        raise BadArguments(
            f"{mark[:60]!r} at character {found.start()} is no name in braces, as {{name}} or "
            "{a.b}; for a brace itself write {{ or }}"
        )
    value: Any = dict(values)
    for step in name[1].split("."):
        value = field_of(value, step, mark)
    return as_text(value)
