"""Portable names for a server's tools, the same ones whatever order it lists them in."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

__all__ = ["portable_names"]

MAX_WIRE_NAME = 64
_FOREIGN = re.compile(r"[^a-zA-Z0-9-]+")
_HASH_CHARS = 8


def portable_names(names: Iterable[str], toolset: str) -> Mapping[str, str]:
    """A name of ours for each of the server's, distinct even when case is ignored.

    Characters that no provider takes become `_`. Where that makes two names equal, or a name too
    long, it ends in a hash of the original; a name that needed no change keeps itself.

    Args:
        names: As the server gives them; a repeated one counts once.
        toolset: What stands before them on the wire, with `__` between.
    """
    room = MAX_WIRE_NAME - len(toolset) - len("__")
    fitted = {name: _fitted(name, room) for name in names}
    alike: dict[str, list[str]] = defaultdict(list)
    for name, ours in fitted.items():
        alike[ours.lower()].append(name)
    made: dict[str, str] = {}
    for name, ours in fitted.items():
        group = alike[ours.lower()]
        unchanged = [other for other in group if fitted[other] == other]
        alone = len(group) == 1 or unchanged == [name]
        made[name] = ours if alone else _marked(name, ours, room)
    return made


def _fitted(name: str, room: int) -> str:
    clean = _FOREIGN.sub("_", name).strip("_-")
    if not clean:
        return _marked(name, "tool", room)
    if not clean[0].isalpha():
        clean = f"t_{clean}"
    return clean if len(clean) <= room else _marked(name, clean, room)


def _marked(name: str, ours: str, room: int) -> str:
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARS]
    return f"{ours[: room - _HASH_CHARS - 1]}_{mark}"
