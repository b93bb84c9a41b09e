"""`tools.executor.sources.*` and `tools.executor.connections.*`: sources, set up from code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from executus_gateway.domain import Ledger, MisfitArguments
from executus_gateway.schema import (
    AuthScheme,
    CredentialRef,
    McpCommand,
    OpenapiPlace,
    Place,
    Source,
    ToolEffect,
)
from executus_gateway.service.controls import Control, object_schema
from executus_gateway.sources import SourceManager

__all__ = ["found_place", "place_of", "source_controls", "told_source"]

_KINDS = ("command", "mcp", "openapi", "graphql")
_TEXT = {"type": "string"}
_PLACE: TypeAdapter[Place] = TypeAdapter(Place)


def place_of(arguments: Mapping[str, Any]) -> Place:
    """Where a source is, from the arguments of `sources.add`.

    Raises:
        MisfitArguments: They name no place, or more than one.
    """
    given = [key for key in _KINDS if arguments.get(key)]
    if len(given) != 1:
        raise MisfitArguments("give one of url=, command=, mcp=, openapi=, graphql=")
    fields: dict[str, Any]
    match given[0]:
        case "command":
            fields = {"type": "mcp_command"}
            fields.update({key: arguments[key] for key in _COMMAND if key in arguments})
        case "mcp":
            fields = {"type": "mcp_endpoint", "url": arguments["mcp"]}
        case "openapi":
            base = arguments.get("base_url", "")
            fields = {"type": "openapi", "spec": arguments["openapi"], "base_url": base}
        case _:
            sdl = arguments.get("sdl", "")
            fields = {"type": "graphql", "url": arguments["graphql"], "sdl": sdl}
    try:
        return _PLACE.validate_python(fields)
    except ValidationError as error:
        raise MisfitArguments(error.errors()[0]["msg"]) from error


async def found_place(sources: SourceManager, arguments: Mapping[str, Any]) -> Place:
    """Where a source is, and of which kind, where `url=` leaves that open: found out by asking.

    Raises:
        MisfitArguments: The arguments name no place, or more than one.
        SourceFailed: There is nothing at the address that the gateway knows.
    """
    if not arguments.get("url"):
        return place_of(arguments)
    if any(arguments.get(key) for key in _KINDS):
        raise MisfitArguments("give url= alone, or the kind of source it is")
    return await sources.place_at(arguments["url"], arguments.get("base_url", ""))


def told_source(source: Source) -> dict[str, Any]:
    """A source as a model or a person is shown it; environments are left out."""
    place = source.place.model_dump(exclude={"env"}, exclude_defaults=True)
    return {
        "id": source.id,
        "namespace": source.namespace,
        "kind": source.kind,
        "state": source.state,
        "problem": source.problem,
        "wants": [scheme.name for scheme in source.wants],
        "tools": source.tool_count,
        "place": place,
    }


class _SourceControls:
    def __init__(self, ledger: Ledger, sources: SourceManager) -> None:
        self._ledger = ledger
        self._sources = sources

    async def add(self, arguments: Mapping[str, Any]) -> Any:
        source = await self._sources.add(
            await found_place(self._sources, arguments),
            namespace=arguments.get("namespace", ""),
            trust_hints=arguments.get("trust_hints", True),
        )
        return told_source(source)

    async def list(self, arguments: Mapping[str, Any]) -> Any:
        del arguments
        return [told_source(source) for source in self._sources.list()]

    async def remove(self, arguments: Mapping[str, Any]) -> Any:
        return told_source(await self._sources.remove(arguments["source"]))

    async def refresh(self, arguments: Mapping[str, Any]) -> Any:
        return told_source(await self._sources.refresh(arguments["source"]))

    async def connections(self, arguments: Mapping[str, Any]) -> Any:
        del arguments
        have = {
            (ref.source, ref.scheme.name)
            for ref in self._ledger.all(CredentialRef)
            if not ref.refused
        }
        return [
            {
                "source": source.namespace,
                "name": scheme.name,
                "placement": scheme.placement,
                "connected": (source.id, scheme.name) in have,
            }
            for source in self._sources.list()
            for scheme in self._schemes(source)
        ]

    def lacking(self, arguments: Mapping[str, Any]) -> tuple[str, tuple[AuthScheme, ...]]:
        """What a person is asked for: what the source asked for, or what nothing works without."""
        source = self._sources.require(arguments["source"])
        if source.state != "auth_required":
            return source.id, ()
        lacking = self._sources.book.lacking(source, self._schemes(source))
        return source.id, self._sources.wanted(source) or lacking[:1]

    async def connect(self, arguments: Mapping[str, Any]) -> Any:
        return told_source(await self._sources.refresh(arguments["source"]))

    def _schemes(self, source: Source) -> Sequence[AuthScheme]:
        catalog = self._sources.catalogs.catalog(source.namespace)
        declared = () if catalog is None else catalog.schemes
        names = {scheme.name for scheme in declared}
        return (*declared, *(scheme for scheme in source.wants if scheme.name not in names))


_COMMAND = ("command", "args", "env", "cwd")
_ONE_SOURCE = object_schema("source", source=_TEXT)
_NEW_SOURCE = object_schema(
    url=_TEXT,
    command=_TEXT,
    args={"type": "array", "items": _TEXT},
    env={"type": "object", "additionalProperties": _TEXT},
    cwd=_TEXT,
    mcp=_TEXT,
    openapi=_TEXT,
    base_url=_TEXT,
    graphql=_TEXT,
    sdl=_TEXT,
    namespace={"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
    trust_hints={"type": "boolean"},
)


def _effect(arguments: Mapping[str, Any]) -> ToolEffect:
    if url := arguments.get("url"):
        return "write" if url.startswith("/") else "read"
    try:
        place = place_of(arguments)
    except MisfitArguments:
        return "write"
    match place:
        case McpCommand():
            return "destructive"  # any program, with the rights of whoever runs the gateway
        case OpenapiPlace(spec=spec) if spec.startswith("/"):
            return "write"  # a file of this machine
        case _ if arguments.get("sdl"):
            return "write"
        case _:
            return "read"


def source_controls(ledger: Ledger, sources: SourceManager) -> tuple[Control, ...]:
    """The controls.

    Args:
        ledger: Has the references of credentials.
        sources: Are managed.
    """
    made = _SourceControls(ledger, sources)
    return (
        Control(
            path="executor.sources.add",
            description=(
                "Add a source of tools: url=URL finds out what it is; or mcp=URL, openapi=URL of "
                "its document (base_url=URL), graphql=URL (sdl=URL), or command=… with args=[…] "
                "for an MCP server started here, which a person must allow. Its tools are "
                "tools.<namespace>.… at once."
            ),
            schema=_NEW_SOURCE,
            run=made.add,
            effect=_effect,
        ),
        Control(
            path="executor.sources.list",
            description="All sources with their state.",
            schema=object_schema(),
            run=made.list,
        ),
        Control(
            path="executor.sources.remove",
            description="Remove a source, by id or namespace, and its credentials.",
            schema=_ONE_SOURCE,
            run=made.remove,
            effect="destructive",
        ),
        Control(
            path="executor.sources.refresh",
            description="Read a source anew.",
            schema=_ONE_SOURCE,
            run=made.refresh,
        ),
        Control(
            path="executor.connections.list",
            description="Which credentials sources want, and which they have; never their values.",
            schema=object_schema(),
            run=made.connections,
        ),
        Control(
            path="executor.connections.connect",
            description=(
                "Ask a person for the credential that a source in state auth_required wants, then "
                "read the source anew. The value goes to the gateway alone, never to code."
            ),
            schema=_ONE_SOURCE,
            run=made.connect,
            lacks=made.lacking,
        ),
    )
