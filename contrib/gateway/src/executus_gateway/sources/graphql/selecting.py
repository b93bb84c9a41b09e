"""What to ask for when nobody says: the plain fields of a type, and those one step below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from graphql import GraphQLError, OperationDefinitionNode, parse

from executus_gateway.domain import MisfitArguments

__all__ = ["Types", "checked", "selection", "signature"]

MAX_DEPTH: Final = 2
MAX_FIELDS: Final = 40
MAX_TOKENS: Final = 2000
_LEAVES: Final = frozenset({"SCALAR", "ENUM"})
_CONNECTIONS: Final = frozenset({"nodes", "pageInfo", "edges", "node"})

Types: TypeAlias = Mapping[str, Any]


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
    if named["kind"] in _LEAVES:
        return ""
    chosen = ["__typename"] if named["kind"] in {"UNION", "INTERFACE"} else []
    fields: list[Mapping[str, Any]] = types.get(named["name"], {}).get("fields") or []
    for field in fields[:MAX_FIELDS]:
        if _is_plain(field):
            chosen.append(field["name"])
        elif _is_followed(field, depth):
            chosen.append(f"{field['name']} {selection(types, field['type'], depth + 1)}")
    return f"{{ {' '.join(chosen or ['__typename'])} }}"


def checked(select: str) -> str:
    """What somebody wants to get, when it is nothing but fields of one thing.

    Raises:
        MisfitArguments: It cannot be read, or reaches out of its braces to other operations.
    """
    text = f"{select}\n"  # a comment ends here, not behind the closing brace
    try:
        document = parse(f"{{ field {{ {text} }} }}", max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        raise MisfitArguments(f"select: {error.message}") from error
    (first, *more) = document.definitions
    if more or not isinstance(first, OperationDefinitionNode):
        raise MisfitArguments("select: give fields, as in 'id name owner { login }'")
    if len(first.selection_set.selections) != 1:
        raise MisfitArguments("select: it reaches out of its own braces")
    return text


def _is_plain(field: Mapping[str, Any]) -> bool:
    """Whether a field is a value, to be had without arguments."""
    return _free(field) and _named(field["type"])["kind"] in _LEAVES


def _is_followed(field: Mapping[str, Any], depth: int) -> bool:
    if not _free(field) or _named(field["type"])["kind"] in _LEAVES:
        return False
    if field["name"] in _CONNECTIONS:
        return depth <= MAX_DEPTH
    return depth + 1 < MAX_DEPTH and not field["args"]


def _free(field: Mapping[str, Any]) -> bool:
    arguments: list[Mapping[str, Any]] = field["args"]
    return not field.get("isDeprecated") and not any(map(_required, arguments))


def _named(kind: Mapping[str, Any]) -> Mapping[str, Any]:
    while kind["kind"] in {"NON_NULL", "LIST"}:
        kind = kind["ofType"]
    return kind


def _required(argument: Mapping[str, Any]) -> bool:
    return argument["type"]["kind"] == "NON_NULL" and argument.get("defaultValue") is None
