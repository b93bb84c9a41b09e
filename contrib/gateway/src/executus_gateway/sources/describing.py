"""Which kind of source a document describes: OpenAPI (JSON, YAML) or a GraphQL schema. No I/O."""

from __future__ import annotations

import re
from codecs import BOM_UTF8

from graphql import GraphQLError, TypeSystemDefinitionNode, TypeSystemExtensionNode, parse

from executus_gateway.errors import SourceFailed
from executus_gateway.schema import GraphqlPlace, OpenapiPlace, Place
from executus_gateway.sources.jsonobjects import json_object

__all__ = ["NoDescription", "place_described"]

MAX_SDL_BYTES = 8 * 1024 * 1024
HEAD_CHARS = 4096

_VERSION = re.compile(r"""^["']?(openapi|swagger)["']?\s*:\s*["']?(\d[\d.]*)""", re.M)
_SDL = re.compile(r"^[ \t]*(?:extend\s+)?(schema|type|interface|union|enum|input)\b", re.M)
_PAGE = re.compile(r"\s*<")
# The first line of YAML that is not empty, a comment or a marker: a key.
_KEY = re.compile(r"(?:[ \t]*(?:#.*|---.*|%.*)?\r?\n)*[\"']?[A-Za-z][\w-]*[\"']?\s*:")
_DEFINING = (TypeSystemDefinitionNode, TypeSystemExtensionNode)


class NoDescription(SourceFailed):
    """What was read is no description of a service."""


def place_described(data: bytes, where: str, base_url: str) -> Place:
    """The place that a document describes.

    Raises:
        SourceFailed: It describes none; or a GraphQL schema, and it was not said where that is.
    """
    data = data.removeprefix(BOM_UTF8)
    head = data[:HEAD_CHARS].decode("utf-8", "replace")
    version = _version(data, head)
    if version.startswith("openapi 3"):
        return OpenapiPlace(spec=where, base_url=base_url)
    if version:
        raise NoDescription(f"{version}, and the gateway reads OpenAPI 3.0 and 3.1")
    if _is_sdl(data, head):
        if not base_url:
            raise SourceFailed("that is a GraphQL schema: say with base_url= where its endpoint is")
        return GraphqlPlace(url=base_url, sdl=where)
    raise NoDescription("neither OpenAPI nor a GraphQL schema")


def _version(data: bytes, head: str) -> str:
    """`openapi 3.1.0`, `swagger 2.0`, or nothing."""
    if head.lstrip().startswith("{"):
        told = json_object(data)
        keys = (key for key in ("openapi", "swagger") if key in told)
        return next((f"{key} {told[key]}" for key in keys), "")
    named = _VERSION.search(head) or _VERSION.search(data.decode("utf-8", "replace"))
    if named is None or _PAGE.match(head) or not _KEY.match(head):
        return ""  # a page may well show a document in its text
    return f"{named[1]} {named[2]}"


def _is_sdl(data: bytes, head: str) -> bool:
    if len(data) > MAX_SDL_BYTES or _PAGE.match(head):
        return False
    text = data.decode("utf-8", "replace")
    if not _SDL.search(text):
        return False
    try:
        document = parse(text, no_location=True)
    except (GraphQLError, RecursionError):
        return False
    return any(isinstance(part, _DEFINING) for part in document.definitions)
