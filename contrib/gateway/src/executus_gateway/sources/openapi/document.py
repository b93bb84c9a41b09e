"""A service's document: fetched through the guard or read from a file, JSON or YAML."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic_core import from_json

from executus.egress import Egress, EgressError
from executus_gateway.errors import SourceFailed
from executus_gateway.schema import OpenapiPlace
from majordomo.threads import call_in_thread

__all__ = ["parsed", "read_document"]

MAX_BYTES = 64 * 1024 * 1024
MAX_YAML_BYTES = 8 * 1024 * 1024
TIMEOUT_S = 60.0


MAX_NODES = 1_500_000


async def read_document(place: OpenapiPlace, guard: Egress) -> bytes:
    """The document of an OpenAPI source, as it is written.

    Raises:
        SourceFailed: It cannot be had.
    """
    if place.spec.startswith("/"):
        try:
            return await call_in_thread(Path(place.spec).read_bytes)
        except OSError as error:
            raise SourceFailed(f"the file {place.spec} cannot be read: {error.strerror}") from error
    try:
        response = await guard.fetch("GET", place.spec, max_bytes=MAX_BYTES, timeout_s=TIMEOUT_S)
    except EgressError as error:
        raise SourceFailed(str(error)) from error
    if response.status != 200:
        raise SourceFailed(f"the document's address answered with status {response.status}")
    return response.body


def parsed(data: bytes) -> Mapping[str, Any]:
    """A document as values.

    Raises:
        SourceFailed: It is neither JSON nor YAML, or is no OpenAPI 3.
    """
    document = _parsed(data)
    version = str(document.get("openapi", ""))
    if not version.startswith("3."):
        told = f"Swagger {document['swagger']}" if "swagger" in document else "no OpenAPI document"
        raise SourceFailed(f"it is {told}: the gateway reads OpenAPI 3.0 and 3.1")
    return document


def _parsed(data: bytes) -> Mapping[str, Any]:
    data = data.removeprefix(BOM_UTF8)
    try:
        found: object = from_json(data, cache_strings="keys")
    except ValueError:
        found = _yaml(data)
    if not isinstance(found, dict):
        raise SourceFailed("the document is neither a JSON nor a YAML object")
    return cast("dict[str, Any]", found)


def _yaml(data: bytes) -> object:
    if len(data) > MAX_YAML_BYTES:
        raise SourceFailed(f"the YAML document is over {MAX_YAML_BYTES} bytes: give it as JSON")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = yaml.load(data, Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceFailed("the document is neither JSON nor YAML") from error
    _check_size(found)
    return found


def _check_size(document: object) -> None:
    """Refuse what its aliases make larger than any text could be: each is read where it stands.

    Raises:
        SourceFailed: It is too large, or has no end.
    """
    left = MAX_NODES
    todo = [document]
    while todo:
        node = todo.pop()
        left -= 1
        if left < 0:
            raise SourceFailed("the YAML document's aliases make it too large: give it as JSON")
        if isinstance(node, dict):
            todo.extend(cast("dict[object, object]", node).values())
        elif isinstance(node, list):
            todo.extend(cast("list[object]", node))
