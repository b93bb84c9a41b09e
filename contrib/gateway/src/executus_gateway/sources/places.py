"""Where a source is, in the one spelling its identity is made of."""

from __future__ import annotations

from executus_gateway.schema import (
    GraphqlPlace,
    McpCommand,
    McpEndpoint,
    OpenapiPlace,
    Place,
    SourceKind,
)
from executus_gateway.sources.urlparts import host_of, normal_url

__all__ = ["kind_of", "label_of", "location_of", "normal_place"]


def kind_of(place: Place) -> SourceKind:
    """Which connector serves a place."""
    match place:
        case McpCommand() | McpEndpoint():
            return "mcp"
        case OpenapiPlace():
            return "openapi"
        case GraphqlPlace():
            return "graphql"


def normal_place(place: Place) -> Place:
    """The place with its addresses in their one spelling.

    Raises:
        Refused: An address cannot be one of a source.
    """
    match place:
        case McpCommand():
            return place
        case McpEndpoint():
            return place.model_copy(update={"url": normal_url(place.url)})
        case OpenapiPlace():
            spec = place.spec if _is_file(place.spec) else normal_url(place.spec)
            base = normal_url(place.base_url) if place.base_url else ""
            return place.model_copy(update={"spec": spec, "base_url": base.rstrip("/")})
        case GraphqlPlace():
            sdl = normal_url(place.sdl) if place.sdl and not _is_file(place.sdl) else place.sdl
            return place.model_copy(update={"url": normal_url(place.url), "sdl": sdl})


def location_of(place: Place) -> str:
    """The text that makes a source the same source when it is added again."""
    match place:
        case McpCommand():
            return "\0".join((place.command, *place.args, place.cwd or ""))
        case McpEndpoint() | GraphqlPlace():
            return place.url
        case OpenapiPlace():
            return f"{place.spec}\0{place.base_url}"


def label_of(place: Place) -> str:
    """What a namespace can be made of."""
    match place:
        case McpCommand():
            named = [part for part in place.args if not part.startswith("-")]
            return (named or [place.command])[0].rsplit("/", 1)[-1].removeprefix("server-")
        case McpEndpoint() | GraphqlPlace():
            return host_of(place.url)
        case OpenapiPlace():
            if place.base_url:
                return host_of(place.base_url)
            return place.spec.rsplit("/", 1)[-1] if _is_file(place.spec) else host_of(place.spec)


def _is_file(spec: str) -> bool:
    return spec.startswith("/")
