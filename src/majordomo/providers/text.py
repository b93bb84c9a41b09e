"""JSON text for requests: bytes that every server can read, whatever the strings hold."""

from __future__ import annotations

from typing import Any, cast

from pydantic_core import PydanticSerializationError, from_json, to_json

from majordomo.errors import UnsupportedRequest

__all__ = ["arguments_object", "dump"]


def dump(value: object) -> bytes:
    """A value as JSON bytes.

    Lone surrogates, which have no UTF-8, become "?"; infinities and NaN, which have no JSON, are
    refused.

    Raises:
        UnsupportedRequest: The value holds something JSON cannot carry.
    """
    try:
        return to_json(value, inf_nan_mode="constants")
    except (PydanticSerializationError, UnicodeEncodeError) as error:
        try:
            return to_json(_clean(value), inf_nan_mode="constants")
        except PydanticSerializationError:
            raise UnsupportedRequest(f"the request cannot be written as JSON: {error}") from error


def _clean(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            items = cast("dict[Any, object]", value).items()
            return {_clean(key): _clean(item) for key, item in items}
        case list() | tuple():
            return [_clean(item) for item in cast("list[object]", value)]
        case _:
            return value


def arguments_object(text: str) -> str:
    """A call's argument text as a JSON object: itself when it is one.

    What a model wrote wrongly is replayed inside an object, because servers parse the text and
    answer with a 400 or a 500 when they cannot.
    """
    if not text.strip():
        return "{}"
    try:
        parsed: object = from_json(text)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return text
    return dump({"invalid_arguments": text}).decode()
