"""Messages as Chat Completions takes them: one fragment of bytes each, kept for the whole run.

A fragment depends on its message and the dialect alone. What depends on neighbours (results for
calls that have none, images of results) is put between fragments by `join_messages`.
Source: wire/openai §4.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never, cast

from pydantic_core import from_json

from majordomo.errors import UnsupportedRequest
from majordomo.llm.fragments import Fragments
from majordomo.llm.message import Message, Role
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
from majordomo.llm.response import Target
from majordomo.providers.openai.dialect import Dialect
from majordomo.providers.text import arguments_object, dump
from majordomo.providers.wire import own_state

__all__ = ["WIRE", "join_messages"]

WIRE = "openai"
_MOST_KEPT = 1024 * 1024
NEVER_ANSWERED = "Error: the call was never completed."


@dataclass(frozen=True, slots=True)
class _Fragment:
    """An encoded message, and what its neighbours must know of it.

    Attributes:
        data: Wire messages, joined by commas; empty when nothing of it can be said.
        calls: Ids of the calls it makes.
        answers: (call id, wire message) of the results it holds.
        images: Content parts of its results' images, for a user message after the results.
    """

    data: bytes = b""
    calls: tuple[str, ...] = ()
    answers: tuple[tuple[str, bytes], ...] = ()
    images: tuple[bytes, ...] = ()


def join_messages(
    messages: Sequence[Message], fragments: Fragments, dialect: Dialect, target: Target
) -> Iterator[bytes]:
    """The wire messages of a conversation, system messages left out.

    Every call gets exactly one result, directly after it; a call nobody answered gets an error, a
    result without its call is dropped. Images of results follow in one user message.
    """
    known = fragments.of((WIRE, dialect, target), _Fragment)
    open_calls: list[str] = []
    images: list[bytes] = []
    for message in messages:
        if message.role is Role.SYSTEM:
            continue
        fragment = _fragment(message, known, dialect, target)
        if fragment.answers:
            yield from _answers(fragment, open_calls)
            images.extend(fragment.images)
            continue
        yield from _close_turn(open_calls, images)
        if fragment.data:
            yield fragment.data
        open_calls = list(fragment.calls)
    yield from _close_turn(open_calls, images)


def _answers(fragment: _Fragment, open_calls: list[str]) -> Iterator[bytes]:
    for call_id, data in fragment.answers:
        if call_id in open_calls:
            open_calls.remove(call_id)
            yield data


def _close_turn(open_calls: list[str], images: list[bytes]) -> Iterator[bytes]:
    for call_id in open_calls:
        yield _tool_message(call_id, NEVER_ANSWERED)
    open_calls.clear()
    if images:
        yield b'{"role":"user","content":[' + b",".join(images) + b"]}"
        images.clear()


def _fragment(
    message: Message,
    known: dict[int, tuple[Message, _Fragment]],
    dialect: Dialect,
    target: Target,
) -> _Fragment:
    found = known.get(id(message))
    if found is None:
        fragment = _encode(message, dialect, target)
        if len(fragment.data) < _MOST_KEPT and not fragment.images:  # media is not kept twice
            known[id(message)] = (message, fragment)
        return fragment
    return found[1]


def _encode(message: Message, dialect: Dialect, target: Target) -> _Fragment:
    match message.role:
        case Role.USER:
            return _Fragment(_user(message, dialect, target))
        case Role.ASSISTANT:
            return _assistant(message, dialect, target)
        case Role.TOOL:
            return _results(message, dialect)
        case Role.SYSTEM:
            return _Fragment()
        case _:
            assert_never(message.role)


def _user(message: Message, dialect: Dialect, target: Target) -> bytes:
    parts = [p for p in message.parts if not isinstance(p, TextPart) or p.text]
    if all(isinstance(part, TextPart) for part in parts):
        return dump({"role": "user", "content": message.text})
    if dialect.string_content or dialect.vision is False:
        raise UnsupportedRequest(
            f"{target} takes text only; leave out the images and documents",
            provider=target.provider,
            model=target.model,
        )
    content = [encoded for part in parts if (encoded := _content(part)) is not None]
    return b'{"role":"user","content":[' + b",".join(content) + b"]}"


def _content(part: Part) -> bytes | None:
    match part:
        case TextPart():
            return dump({"type": "text", "text": part.text})
        case ImagePart():
            return _image(part)
        case DocumentPart():
            url = f"data:{part.mime};base64,{base64.b64encode(part.data).decode()}"
            return dump({"type": "file", "file": {"filename": part.name, "file_data": url}})
        case ToolCallPart() | ToolResultPart() | ThinkingPart() | OpaquePart():
            return None
        case _:
            assert_never(part)


def _image(image: ImagePart) -> bytes:
    url = f"data:{image.mime};base64,{base64.b64encode(image.data).decode()}"
    return dump({"type": "image_url", "image_url": {"url": url}})


def _assistant(message: Message, dialect: Dialect, target: Target) -> _Fragment:
    state = own_state(message, WIRE, target)
    fields: dict[str, Any] = cast("dict[str, Any]", from_json(state)) if state else {}
    extras: dict[str, Any] = fields.pop("tool_calls", {})
    calls = [_call(call, extras.get(call.id)) for call in message.tool_calls]
    text = message.text
    if not text and not calls and not fields:
        return _Fragment()
    body: dict[str, Any] = {"role": "assistant"}
    body["content"] = text or (None if calls and dialect.null_content else "")
    if calls:
        body["tool_calls"] = calls
    ids = tuple(call.id for call in message.tool_calls)
    return _Fragment(dump({**body, **fields}), calls=ids)


def _call(call: ToolCallPart, extra: object) -> dict[str, Any]:
    arguments = arguments_object(call.arguments)
    body: dict[str, Any] = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }
    if extra is not None:
        body["extra_content"] = extra
    return body


def _results(message: Message, dialect: Dialect) -> _Fragment:
    answers: list[tuple[str, bytes]] = []
    images: list[bytes] = []
    for result in message.tool_results:
        text = f"Error: {result.text}" if result.is_error else result.text
        if result.images and not dialect.string_content:
            label = f"Images from {result.name} ({result.call_id}):"
            text = f"{text}\n({len(result.images)} images follow.)".lstrip()
            images += [dump({"type": "text", "text": label}), *map(_image, result.images)]
        elif result.images:
            text = f"{text}\n({len(result.images)} images could not be shown.)".lstrip()
        answers.append((result.call_id, _tool_message(result.call_id, text)))
    return _Fragment(answers=tuple(answers), images=tuple(images))


def _tool_message(call_id: str, text: str) -> bytes:
    return dump({"role": "tool", "tool_call_id": call_id, "content": text})
