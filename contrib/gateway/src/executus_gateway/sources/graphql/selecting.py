"""What to ask for when nobody says: the plain fields of a type, and those one step below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

__all__ = ["Types", "selection", "signature"]

MAX_DEPTH: Final = 2
MAX_FIELDS: Final = 40
_CONNECTIONS: Final = frozenset({"nodes", "pageInfo", "edges", "node"})

Types: TypeAlias = Mapping[str, Mapping[str, Any]]


def signature(kind: Mapping[str, Any]) -> str:
    """A type as the language writes it.

    >>> signature({"kind": "NON_NULL", "ofType": {"kind": "SCALAR", "name": "ID"}})
    'ID!'
    """
    match kind["kind"]:
        case "NON_NULL":
            return f"{signature(kind['ofType'])}!"
        case "LIST":
            return f"[{signature(kind['ofType'])}]"
        case _:
            return str(kind["name"])


def selection(types: Types, kind: Mapping[str, Any], depth: int = 0) -> str:
    """Fields of a type, in braces; empty for a scalar."""
    named = _named(kind)
    if named["kind"] in {"SCALAR", "ENUM"}:
        return ""
    chosen = ["__typename"] if named["kind"] in {"UNION", "INTERFACE"} else []
    for field in (types.get(named["name"], {}).get("fields") or [])[:MAX_FIELDS]:
        if any(_required(argument) for argument in field["args"]) or field.get("isDeprecated"):
            continue
        below = _named(field["type"])
        if below["kind"] in {"SCALAR", "ENUM"}:
            chosen.append(field["name"])
        elif (field["name"] in _CONNECTIONS and depth <= MAX_DEPTH) or (
            below["kind"] == "OBJECT" and depth + 1 < MAX_DEPTH and not field["args"]
        ):
            chosen.append(f"{field['name']} {selection(types, field['type'], depth + 1)}")
    return f"{{ {' '.join(chosen or ['__typename'])} }}"


def _named(kind: Mapping[str, Any]) -> Mapping[str, Any]:
    while kind["kind"] in {"NON_NULL", "LIST"}:
        kind = kind["ofType"]
    return kind


def _required(argument: Mapping[str, Any]) -> bool:
    return argument["type"]["kind"] == "NON_NULL" and argument.get("defaultValue") is None
