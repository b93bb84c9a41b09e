"""What a GraphQL endpoint can do: by introspection, or from a file in its schema language."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from graphql import GraphQLError, build_schema, get_introspection_query, introspection_from_schema
from pydantic_core import from_json, to_json

from executus.egress import Egress, EgressError
from executus_gateway.errors import SourceFailed
from executus_gateway.schema import AuthScheme, GraphqlPlace
from executus_gateway.sources.challenges import refusal_of
from executus_gateway.sources.protection import protected
from majordomo.threads import call_in_thread

__all__ = ["BEARER", "read_schema"]

MAX_BYTES = 32 * 1024 * 1024
MAX_SDL_BYTES = 8 * 1024 * 1024
TIMEOUT_S = 60.0
BEARER = AuthScheme(
    name="token", placement="bearer", hint="A token for this GraphQL endpoint, without 'Bearer'"
)


async def read_schema(
    place: GraphqlPlace, guard: Egress, headers: Mapping[str, str]
) -> Mapping[str, Any]:
    """The introspection of an endpoint: the value of `__schema`.

    Raises:
        SourceFailed: It cannot be had, or is not one.
        AuthRequired: The endpoint wants credentials first, or other ones.
    """
    if place.sdl:
        return await call_in_thread(_built, await _schema_text(place.sdl, guard))
    query = to_json({"query": get_introspection_query(descriptions=True)})
    try:
        response = await guard.fetch(
            "POST",
            place.url,
            headers={"Content-Type": "application/json", **headers},
            content=query,
            max_bytes=MAX_BYTES,
            timeout_s=TIMEOUT_S,
            redirects=False,
        )
    except EgressError as error:
        raise SourceFailed(str(error)) from error
    if (refused := refusal_of(response)) is not None:
        raise await protected(guard, place.url, refused, given=bool(headers))
    return _introspection(response.status, response.body)


def _introspection(status: int, body: bytes) -> Mapping[str, Any]:
    try:
        answer: Any = from_json(body)
        return cast("Mapping[str, Any]", answer["data"]["__schema"])
    except (ValueError, KeyError, TypeError):
        raise SourceFailed(
            f"the endpoint does not answer introspection (status {status}): give sdl="
        ) from None


async def _schema_text(where: str, guard: Egress) -> bytes:
    """A schema's text, from a file or through the guard."""
    if where.startswith("/"):
        try:
            return await call_in_thread(Path(where).read_bytes)
        except OSError as error:
            raise SourceFailed(f"the file {where} cannot be read: {error.strerror}") from error
    try:
        response = await guard.fetch("GET", where, max_bytes=MAX_SDL_BYTES, timeout_s=TIMEOUT_S)
    except EgressError as error:
        raise SourceFailed(str(error)) from error
    if response.status != 200:
        raise SourceFailed(f"the schema's address answered with status {response.status}")
    return response.body


def _built(text: bytes) -> Mapping[str, Any]:
    if len(text) > MAX_SDL_BYTES:
        raise SourceFailed(f"the schema is over {MAX_SDL_BYTES} bytes")
    try:
        schema = build_schema(text.decode(), assume_valid=True)
    except (GraphQLError, UnicodeDecodeError, TypeError, RecursionError) as error:
        raise SourceFailed("the schema is not in GraphQL's schema language") from error
    return cast("Mapping[str, Any]", introspection_from_schema(schema)["__schema"])
