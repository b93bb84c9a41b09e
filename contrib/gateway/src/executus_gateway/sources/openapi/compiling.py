"""A document as an artifact: a head that is always read, and pieces that are read when asked for.

    8 bytes: length of the head · the head, JSON · pieces, JSON, one after the other

The head has one short row per operation and where each piece is; references stay references.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from executus_gateway.domain import identifier
from executus_gateway.schema import AuthScheme, ToolEffect
from executus_gateway.sources.jsonobjects import as_list, as_object
from executus_gateway.sources.openapi.security import alternatives, schemes_of

__all__ = ["HEAD_LENGTH", "VERSION", "Head", "Operation", "compiled"]

VERSION: Final = "openapi 2"
HEAD_LENGTH: Final = 8
MAX_OPERATIONS = 10_000
MAX_SUMMARY = 160
SECTIONS: Final = ("schemas", "parameters", "requestBodies", "responses")

_EFFECTS: Final[Mapping[str, ToolEffect]] = {
    "get": "read",
    "head": "read",
    "options": "read",
    "post": "write",
    "put": "write",
    "patch": "write",
    "delete": "destructive",
}
_PIECES: Final = ("parameters", "requestBody", "responses", "description", "summary")


class Operation(BaseModel):
    """One row of the head; `server` is its own, where it is not at the document's."""

    model_config = ConfigDict(frozen=True)

    path: str
    method: str
    route: str
    server: str = ""
    summary: str = ""
    words: str = ""
    effect: ToolEffect
    auth: tuple[tuple[str, ...], ...] = ()
    at: tuple[int, int]


class Head(BaseModel):
    """What is read at once."""

    model_config = ConfigDict(frozen=True)

    version: str
    title: str = ""
    servers: tuple[str, ...] = ()
    schemes: tuple[AuthScheme, ...] = ()
    operations: tuple[Operation, ...]
    pieces: dict[str, tuple[int, int]] = Field(default_factory=dict)


class _Pieces:
    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._length = 0

    def add(self, value: object) -> tuple[int, int]:
        data = to_json(value)
        place = (self._length, len(data))
        self.parts.append(data)
        self._length += len(data)
        return place


def compiled(document: Mapping[str, Any]) -> bytes:
    """The artifact of a document; what in it cannot be understood is left out."""
    pieces = _Pieces()
    # As `Head` reads it; a model per operation would take as long as the rest.
    data = to_json(
        {
            "version": VERSION,
            "title": str(as_object(document.get("info")).get("title", ""))[:200],
            "servers": list(_servers(document)),
            "schemes": schemes_of(
                as_object(as_object(document.get("components")).get("securitySchemes"))
            ),
            "operations": list(_operations(document, pieces)),
            "pieces": _components(as_object(document.get("components")), pieces),
        }
    )
    return b"".join((len(data).to_bytes(HEAD_LENGTH, "big"), data, *pieces.parts))


def _operations(document: Mapping[str, Any], pieces: _Pieces) -> Iterable[Mapping[str, Any]]:
    known = frozenset(scheme.name for scheme in _schemes(document))
    rows = list(_rows(document))[:MAX_OPERATIONS]
    names = [_name(method, route, operation) for method, route, operation, _ in rows]
    often = Counter(names)
    for (method, route, operation, item), name in zip(rows, names, strict=True):
        own = {key: operation[key] for key in _PIECES if key in operation}
        own["parameters"] = [
            *as_list(item.get("parameters")),
            *as_list(operation.get("parameters")),
        ]
        summary = str(operation.get("summary") or operation.get("description") or "")
        yield {
            "path": name if often[name] == 1 else f"{name}_{_hash(f'{method} {route}')}",
            "method": method.upper(),
            "route": route,
            "server": next(iter([*_servers(operation), *_servers(item)]), ""),
            "summary": summary.strip().partition("\n")[0][:MAX_SUMMARY],
            "words": _words(route, operation),
            "effect": _EFFECTS[method],
            "auth": alternatives(operation.get("security", document.get("security")), known),
            "at": pieces.add(own),
        }


def _rows(
    document: Mapping[str, Any],
) -> Iterable[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    for route, item in as_object(document.get("paths")).items():
        found = as_object(item)
        for method in _EFFECTS:
            if isinstance(operation := found.get(method), dict):
                yield method, str(route), cast("dict[str, Any]", operation), found


def _name(method: str, route: str, operation: Mapping[str, Any]) -> str:
    tags = [str(tag) for tag in as_list(operation.get("tags"))]
    group = identifier(tags[0] if tags else _first_segment(route))
    leaf = str(operation.get("operationId") or f"{method} {route}")
    name = identifier(leaf)
    short = name.removeprefix(f"{group}_")
    return f"{group}.{short if short.isidentifier() else name}"


def _first_segment(route: str) -> str:
    segments = [part for part in route.split("/") if part and not part.startswith("{")]
    telling = [part for part in segments if part.lower() not in {"api", "v1", "v2", "v3", "rest"}]
    return (telling or segments or ["root"])[0]


def _words(route: str, operation: Mapping[str, Any]) -> str:
    tags = " ".join(str(tag) for tag in as_list(operation.get("tags")))
    return f"{route} {tags} {operation.get('operationId', '')}"[:300]


def _components(components: Mapping[str, Any], pieces: _Pieces) -> dict[str, tuple[int, int]]:
    return {
        f"{section}/{name}": pieces.add(value)
        for section in SECTIONS
        for name, value in as_object(components.get(section)).items()
    }


def _schemes(document: Mapping[str, Any]) -> Sequence[AuthScheme]:
    return schemes_of(as_object(as_object(document.get("components")).get("securitySchemes")))


def _servers(document: Mapping[str, Any]) -> Iterable[str]:
    for server in as_list(document.get("servers")):
        found = as_object(server)
        url = str(found.get("url", ""))
        for name, variable in as_object(found.get("variables")).items():
            url = url.replace("{" + str(name) + "}", str(as_object(variable).get("default", "")))
        if url and "{" not in url:
            yield url


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
