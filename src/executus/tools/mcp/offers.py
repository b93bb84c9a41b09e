"""What a server lists, read with suspicion: bounded texts, schemas a model can be given."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic_core import to_json

__all__ = ["Offer", "offers_of"]

logger = logging.getLogger("executus.tools.mcp")

MAX_NAME_CHARS = 256
MAX_DESCRIPTION_CHARS = 8000
MAX_SCHEMA_BYTES = 64 * 1024
MAX_SCHEMA_DEPTH = 48
MAX_LISTED_BYTES = 4 * 1024 * 1024
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
    r"|[\U000e0000-\U000e007f]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A tool as the server describes it; another description is another offer.

    Attributes:
        name: The server's own name.
        description: At most 8,000 characters, without invisible ones.
        schema: JSON Schema of the arguments: at most 64 KiB and 48 levels.
        hints: The server's annotations.
    """

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=dict[str, Any])
    hints: Mapping[str, Any] = field(default_factory=dict[str, Any])


def offers_of(listed: Sequence[Mapping[str, Any]], toolset: str) -> Mapping[str, Offer]:
    """The tools that can be offered, by the server's names, in its order; others are logged.

    Of a name listed twice the first counts. All schemas and descriptions together take at most
    4 MiB: what comes after is left out.
    """
    offers: dict[str, Offer] = {}
    room = MAX_LISTED_BYTES
    for entry in listed:
        name = str(entry.get("name", ""))
        schema = _mapping(entry.get("inputSchema"))
        described = str(entry.get("description") or entry.get("title") or name)
        fault = _fault(name, schema, offers)
        size = 0 if fault else len(described) + len(to_json(schema))
        if not fault and size > room:
            fault = f"the list is over {MAX_LISTED_BYTES} bytes"
        if fault:
            logger.warning("%s: the tool %r is not offered: %s", toolset, name[:80], fault)
            continue
        room -= size
        offers[name] = Offer(
            name=name,
            description=_UNSEEN.sub("", described)[:MAX_DESCRIPTION_CHARS],
            schema=schema,
            hints=_mapping(entry.get("annotations")),
        )
    return offers


def _fault(name: str, schema: Mapping[str, Any], known: Mapping[str, Offer]) -> str:
    if not name or len(name) > MAX_NAME_CHARS:
        return f"its name has {len(name)} characters"
    if name in known:
        return "its name is listed twice"
    if schema.get("type") != "object":
        return "its schema's root must have type 'object'"
    if not isinstance(schema.get("properties", {}), dict):
        return "its schema's properties are no object"
    if not _is_names(schema.get("required", [])):
        return "its schema's 'required' is no list of names"
    return _too_much(schema)


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(name, str) for name in cast("list[object]", value)
    )


def _too_much(schema: Mapping[str, Any]) -> str:
    """Why a schema is too deep or too long, or refers to what is not in it; without recursion."""
    todo: list[tuple[object, int]] = [(schema, 0)]
    while todo:
        node, depth = todo.pop()
        if depth > MAX_SCHEMA_DEPTH:
            return f"its schema is deeper than {MAX_SCHEMA_DEPTH} levels"
        if isinstance(node, dict):
            mapping = cast("dict[str, object]", node)
            reference = mapping.get("$ref", "#")
            if isinstance(reference, str) and not reference.startswith("#"):
                return "its schema refers to another document"
            todo.extend((value, depth + 1) for value in mapping.values())
        elif isinstance(node, list):
            todo.extend((value, depth + 1) for value in cast("list[object]", node))
    size = len(to_json(schema))
    return f"its schema has {size} bytes" if size > MAX_SCHEMA_BYTES else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
