"""Sources: where tools come from, how far each has come, and the credentials it was given."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from starlette.requests import Request

from executus_gateway.errors import Refused
from executus_gateway.schema import AuthScheme, CredentialRef, McpCommand, PlacementKind, Source
from executus_gateway.service import Gateway, found_place
from executus_gateway.web.fields import Fields
from executus_gateway.web.rendering import View
from executus_gateway.web.serving import Done

__all__ = [
    "add_source",
    "connect_source",
    "refresh_source",
    "remove_source",
    "source_page",
    "sources_page",
]

_KINDS: Final = {
    "openapi": "OpenAPI document",
    "mcp": "MCP server",
    "graphql": "GraphQL endpoint",
}
_CHOICES: Final = {"url": "Find out", **_KINDS}
_PLACEMENTS: Final[tuple[str, ...]] = get_args(PlacementKind)
_NAMELESS: Final = frozenset({"bearer", "basic"})
"""Placements that are the Authorization header, and need no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    """A credential that a source wants or has."""

    scheme: AuthScheme
    given_ms: int


def sources_page(gateway: Gateway, request: Request) -> View:
    """All sources, and forms to add one."""
    del request
    return View(
        template="sources.html",
        title="Sources",
        section="sources",
        poll_ms=1500,
        data={
            "sources": [(one, _place(one)) for one in gateway.sources.list()],
            "kinds": _KINDS,
            "choices": _CHOICES,
        },
    )


def source_page(gateway: Gateway, request: Request) -> View:
    """One source."""
    source = gateway.sources.require(request.path_params["source"])
    return View(
        template="source.html",
        title=source.namespace,
        section="sources",
        poll_ms=1500,
        data={
            "source": source,
            "place": _place(source),
            "variables": _variables(source),
            "connections": _connections(gateway, source),
            "placements": _PLACEMENTS,
        },
    )


def _place(source: Source) -> str:
    """Where it is, in a line; values of variables are left out."""
    place = source.place
    if isinstance(place, McpCommand):
        return shlex.join((place.command, *place.args))
    return place.spec if place.type == "openapi" else place.url


def _variables(source: Source) -> list[str]:
    return list(source.place.env) if isinstance(source.place, McpCommand) else []


def _connections(gateway: Gateway, source: Source) -> list[_Connection]:
    """What its catalog wants, then what it was given beside that."""
    catalog = gateway.sources.catalogs.catalog(source.namespace)
    wanted = {scheme.name: scheme for scheme in (catalog.schemes if catalog else ())}
    given = {
        reference.scheme.name: reference
        for reference in gateway.ledger.all(CredentialRef)
        if reference.source == source.id
    }
    schemes = {**{name: one.scheme for name, one in given.items()}, **wanted}
    return [
        _Connection(scheme=scheme, given_ms=given[name].updated_ms if name in given else 0)
        for name, scheme in schemes.items()
    ]


async def add_source(gateway: Gateway, fields: Fields) -> Done:
    """Add a source by its address, or by the command that starts it."""
    given = _command(fields) if fields.text("command") else _address(fields)
    source = await gateway.sources.add(
        await found_place(gateway.sources, given),
        namespace=fields.text("namespace"),
        trust_hints=not fields.text("distrust_hints"),
    )
    return Done(said=_told(source), go=f"sources/{source.id}")


def _address(fields: Fields) -> Mapping[str, Any]:
    kind = fields.required("kind")
    if kind not in _CHOICES:
        raise Refused(f"a source is one of {', '.join(_CHOICES)}")
    given = {kind: fields.required("address")}
    return {**given, "base_url": fields.text("base_url"), "sdl": fields.text("sdl")}


def _command(fields: Fields) -> Mapping[str, Any]:
    try:
        command, *args = shlex.split(fields.required("command"))
    except ValueError as error:
        raise Refused("the command has a quote that is not closed") from error
    lines = [line.strip() for line in fields.raw("env").splitlines() if line.strip()]
    if any("=" not in line for line in lines):
        raise Refused("variables are NAME=value, one a line")
    given = {"command": command, "args": args, "env": dict(_variable(line) for line in lines)}
    return {**given, "cwd": fields.text("cwd")} if fields.text("cwd") else given


def _variable(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name.strip(), value


async def refresh_source(gateway: Gateway, fields: Fields) -> Done:
    """Read a source anew."""
    return Done(said=_told(await gateway.sources.refresh(fields.required("source"))))


async def remove_source(gateway: Gateway, fields: Fields) -> Done:
    """Remove a source, its tools and its credentials."""
    source = await gateway.sources.remove(fields.required("source"))
    return Done(said=f"{source.namespace} is gone, and its credentials with it.", go="sources")


async def connect_source(gateway: Gateway, fields: Fields) -> Done:
    """Give a source a credential; its value goes to the vault and nowhere else."""
    source = gateway.sources.require(fields.required("source"))
    value = fields.text("value")
    if not value:
        raise Refused("the value is empty: fill it in")
    scheme = _scheme(gateway, source, fields)
    await gateway.connect(source.id, scheme, value)
    return Done(said=f"{scheme.name} is in the vault. {_told(gateway.sources.require(source.id))}")


def _scheme(gateway: Gateway, source: Source, fields: Fields) -> AuthScheme:
    """One that is listed on its page, by name, or one that the person describes."""
    name = fields.text("name")
    for connection in _connections(gateway, source):
        if connection.scheme.name == name:
            return connection.scheme
    placement, key = fields.required("placement"), fields.text("key")
    if not (key or placement in _NAMELESS):
        raise Refused(f"a credential in the {placement} needs the name it has there")
    given = {"name": name or key or placement, "placement": placement, "key": key}
    return AuthScheme.model_validate(given)


def _told(source: Source) -> str:
    if source.state == "connected":
        return f"{source.namespace} is connected, with {source.tool_count} tools."
    return f"{source.namespace} is in state {source.state.replace('_', ' ')}: {source.problem}"
