"""JSON text for requests: bytes that every server can read, whatever the strings hold."""

from __future__ import annotations

import base64
from typing import Any, cast

from pydantic_core import PydanticSerializationError, from_json, to_json

from majordomo.errors import UnsupportedRequest
from majordomo.llm.response import Target

__all__ = ["arguments_object", "data_url", "dump", "is_cut_json", "is_json"]

_NOBODY = Target("", "")


def dump(value: object, target: Target = _NOBODY) -> bytes:
    """A value as JSON bytes.

    Lone surrogates, which have no UTF-8, become "?"; infinities and NaN, which have no JSON, are
    refused.

    Args:
        value: Anything pydantic can write.
        target: Who the bytes are for, named by the error.

    Raises:
        UnsupportedRequest: The value holds something JSON cannot carry.
    """
    try:
        data = _to_json(value)
        if b"NaN" in data or b"Infinity" in data:  # a word in a text, or a number
            from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise UnsupportedRequest(
            f"the request cannot be written as JSON: {_reason(error)}",
            provider=target.provider,
            model=target.model,
        ) from error
    return data


def _to_json(value: object) -> bytes:
    try:
        return to_json(value, inf_nan_mode="constants")
    except PydanticSerializationError as error:
        if "UnicodeEncodeError" not in str(error):
            raise
        return to_json(_clean(value), inf_nan_mode="constants")


def _reason(error: ValueError) -> str:
    if isinstance(error, PydanticSerializationError):
        return str(error)
    return "it holds an infinite number or NaN"


def _clean(value: object) -> object:
    match value:
        case str():
            return _encodable(value)
        case dict():
            items = cast("dict[Any, object]", value).items()
            return {_clean(key): _clean(item) for key, item in items}
        case list() | tuple():
            return [_clean(item) for item in cast("list[object]", value)]
        case _:
            return value


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def arguments_object(text: str) -> str:
    """A call's argument text as a JSON object: itself when it is one.

    What a model wrote wrongly is replayed inside an object, because servers parse the text and
    answer with a 400 or a 500 when they cannot.
    """
    text = _encodable(text)
    if not text.strip():
        return "{}"
    try:
        parsed: object = from_json(text, allow_inf_nan=False)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return text
    return dump({"invalid_arguments": text}).decode()


def is_json(text: str) -> bool:
    """Whether a text is a JSON value, and nothing else."""
    try:
        from_json(text)
    except ValueError:
        return False
    return True


def is_cut_json(text: str) -> bool:
    """Whether a text is the beginning of a JSON value that has lost its end."""
    try:
        from_json(text)
    except ValueError as error:
        return bool(text.strip()) and "EOF while parsing" in str(error)
    return False


def data_url(mime: str, data: bytes) -> bytes:
    """A data URL as a JSON string; base64 needs no escapes, so it is not searched for any."""
    return dump(f"data:{mime};base64,")[:-1] + base64.b64encode(data) + b'"'
