"""What a document says of credentials, as schemes of ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from executus_gateway.schema import AuthScheme, PlacementKind

__all__ = ["alternatives", "schemes_of"]

_PLACES: dict[str, PlacementKind] = {"header": "header", "query": "query", "cookie": "cookie"}
_HTTP: dict[str, PlacementKind] = {"bearer": "bearer", "basic": "basic"}


def schemes_of(declared: Mapping[str, Any]) -> tuple[AuthScheme, ...]:
    """The schemes of `components.securitySchemes`; kinds nobody can type in are left out."""
    made = (
        _scheme(name, cast("dict[str, Any]", value))
        for name, value in declared.items()
        if isinstance(value, dict)
    )
    return tuple(scheme for scheme in made if scheme is not None)


def alternatives(security: object, known: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """The groups of schemes one of which a call needs; empty when it needs none.

    Where credentials are optional an empty group stands last. A group with a scheme that is not
    known is left out: nobody could give what it wants.
    """
    groups: list[tuple[str, ...]] = []
    optional = False
    for entry in cast("list[object]", security) if isinstance(security, list) else []:
        names = tuple(cast("dict[str, Any]", entry)) if isinstance(entry, dict) else ()
        if not names:
            optional = True
        elif all(name in known for name in names):
            groups.append(names)
    return (*groups, ()) if groups and optional else tuple(groups)


def _scheme(name: str, declared: Mapping[str, Any]) -> AuthScheme | None:
    hint = str(declared.get("description") or "").strip().partition("\n")[0][:300]
    match declared.get("type"):
        case "apiKey" if str(declared.get("in")) in _PLACES:
            placement = _PLACES[str(declared["in"])]
            key = str(declared.get("name", ""))
            return AuthScheme(name=name, placement=placement, key=key, hint=hint)
        case "http":
            kind = str(declared.get("scheme", "")).lower()
            told = hint or ("user:password" if kind == "basic" else "")
            if kind not in _HTTP:
                return None
            return AuthScheme(name=name, placement=_HTTP[kind], hint=told)
        case "oauth2" | "openIdConnect":
            return AuthScheme(name=name, placement="bearer", hint=hint, oauth=True)
        case _:
            return None
