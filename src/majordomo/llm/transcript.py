"""Conversations as JSON text, for whoever stores them: schema-versioned, lossless both ways."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from majordomo.errors import MajordomoError
from majordomo.llm.message import Message, ProviderState
from majordomo.llm.parts import (
    DocumentPart,
    ImagePart,
    OpaquePart,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)

__all__ = ["TranscriptError", "dump_messages", "load_messages"]

VERSION = 1

_TAGS: dict[type[Part], str] = {
    TextPart: "text",
    ImagePart: "image",
    DocumentPart: "document",
    ToolCallPart: "tool_call",
    ToolResultPart: "tool_result",
    ThinkingPart: "thinking",
    OpaquePart: "opaque",
}
_TYPES = {tag: part for part, tag in _TAGS.items()}


class TranscriptError(MajordomoError):
    """Text that is not a transcript this version can read, or messages that JSON cannot carry."""


def dump_messages(messages: Sequence[Message]) -> str:
    """The conversation as one line of JSON; bytes as base64.

    `load_messages(dump_messages(m)) == m`, and dumping again gives the same text. Lone surrogates,
    which models write and UTF-8 cannot carry, are kept: such a conversation is written in ASCII.

    Raises:
        TranscriptError: A message holds something that is no JSON value.
    """
    dumped = [
        {
            "role": message.role,
            "parts": [_dump_part(part) for part in message.parts],
            **({"state": _fields(message.state)} if message.state else {}),
        }
        for message in messages
    ]
    return _as_text({"version": VERSION, "messages": dumped})


def _as_text(document: dict[str, Any]) -> str:
    try:
        return to_json(document).decode()
    except PydanticSerializationError:
        try:
            return json.dumps(document, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            raise TranscriptError(f"the messages cannot be written as JSON: {error}") from error


def _fields(value: Part | ProviderState) -> dict[str, Any]:
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}


def _plain(value: object) -> object:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _dump_part(part: Part) -> dict[str, Any]:
    body = _fields(part)
    if isinstance(part, ToolResultPart):
        body["images"] = [_fields(image) for image in part.images]
    return {"type": _TAGS[type(part)], **body}


@cache
def _adapter(tp: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(tp)


def load_messages(text: str | bytes) -> list[Message]:
    """Read a conversation written by `dump_messages`.

    Raises:
        TranscriptError: It is not JSON, of a newer version, or a message is malformed; the message
            says which.
    """
    document = _from_text(text)
    found = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    if not isinstance(found.get("messages"), list):
        raise TranscriptError('a transcript is an object with "version" and a list "messages"')
    if found.get("version") != VERSION:
        raise TranscriptError(
            f"the transcript has version {found.get('version')!r}, this release reads {VERSION}"
        )
    return [_load_message(index, raw) for index, raw in enumerate(found["messages"])]


def _from_text(text: str | bytes) -> object:
    try:
        return from_json(text)
    except ValueError as error:
        fault = error
    try:
        return json.loads(text)  # takes half a surrogate pair
    except (ValueError, RecursionError):
        raise TranscriptError(f"a transcript must be JSON: {fault}") from fault


def _load_message(index: int, raw: Any) -> Message:
    try:
        body = dict(raw)
        body["parts"] = tuple(_load_part(part) for part in body["parts"])
        return cast("Message", _adapter(Message).validate_python(body))
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise TranscriptError(f"message {index} of the transcript is malformed: {first}") from error


def _load_part(raw: Any) -> Part:
    body = dict(raw)
    tag = body.pop("type")
    if tag not in _TYPES:
        raise ValueError(f"unknown part type {tag!r}")
    if tag in ("image", "document"):
        body["data"] = base64.b64decode(body["data"], validate=True)
    if "images" in body:
        body["images"] = tuple(_load_part({"type": "image", **image}) for image in body["images"])
    return cast("Part", _adapter(_TYPES[tag]).validate_python(body))
