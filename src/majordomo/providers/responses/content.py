"""One message as input items: the fragment that is kept for the whole run.

A fragment depends on its message, the target and whether the server stores; what depends on
neighbours (ids of calls, results for calls that have none) is put in by `messages`.
Source: wire/responses §3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

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
from majordomo.providers.responses.replay import own_items
from majordomo.providers.text import arguments_object, data_url, dump

__all__ = ["Call", "Fragment", "encode_message"]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call's item, in want of its `call_id`.

    Attributes:
        id: Its id in the transcript.
        rest: The item's other members, from behind the id.
    """

    id: str
    rest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """The items of one message.

    Attributes:
        items: In order; empty when nothing of the message can be said.
        answers: (call id, members of the result's item behind its id) of the results it holds.
    """

    items: tuple[bytes | Call, ...] = ()
    answers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """Bytes it keeps."""
        items = (len(item.rest if isinstance(item, Call) else item) for item in self.items)
        return sum(items) + sum(len(rest) for _, rest in self.answers)


def encode_message(message: Message, target: Target, *, stored: bool) -> Fragment:
    """The items of a message; those of a system message have another place."""
    match message.role:
        case Role.SYSTEM:
            return Fragment()
        case Role.ASSISTANT:
            own = own_items(message, target, stored=stored)
            return Fragment(items=tuple(map(_own_item, own) if own else _foreign(message.parts)))
        case Role.USER | Role.TOOL:
            return _user(message.parts)
        case _:
            assert_never(message.role)


def _own_item(item: Json) -> bytes | Call:
    if item.get("type") != "function_call":
        return dump(item)
    rest = {name: value for name, value in item.items() if name != "call_id"}
    return Call(item["call_id"], _members(rest))


def _members(fields: Json) -> bytes:
    return b"," + dump(fields)[1:]


def _foreign(parts: Iterable[Part]) -> Iterator[bytes | Call]:
    """A turn this target did not write: text and calls, without ids of items."""
    texts: list[str] = []
    for part in parts:
        match part:
            case TextPart():
                texts.append(part.text)
            case ImagePart() | DocumentPart():
                texts.append(f"(a file of type {part.mime})")  # only users may show files
            case ToolCallPart():
                yield from _spoken(texts)
                texts = []
                yield _call(part)
            case ThinkingPart() | OpaquePart() | ToolResultPart():
                continue  # reasoning goes back as state or not at all
            case _:
                assert_never(part)
    yield from _spoken(texts)


def _spoken(texts: Sequence[str]) -> Iterator[bytes]:
    text = "".join(texts)
    if text:
        yield dump({"role": "assistant", "content": text})


def _call(call: ToolCallPart) -> Call:
    arguments = arguments_object(call.arguments)
    rest: Json = {"type": "function_call", "name": call.name, "arguments": arguments}
    return Call(call.id, _members(rest))


def _user(parts: Sequence[Part]) -> Fragment:
    answers = [(part.call_id, _result(part)) for part in parts if isinstance(part, ToolResultPart)]
    content = [found for part in parts if (found := _content(part))]
    if all(isinstance(part, TextPart | ToolResultPart) for part in parts):
        text = "".join(part.text for part in parts if isinstance(part, TextPart))
        items = (dump({"role": "user", "content": text}),) if text else ()
    else:
        items = (b'{"role":"user","content":[' + b",".join(content) + b"]}",) if content else ()
    return Fragment(items=items, answers=tuple(answers))


def _content(part: Part) -> bytes:
    """A content part; empty for what is not said in a user's message."""
    match part:
        case TextPart():
            return _text(part.text)
        case ImagePart():
            return _image(part)
        case DocumentPart():
            head = dump({"type": "input_file", "filename": part.name})[:-1]
            return head + b',"file_data":' + data_url(part.mime, part.data) + b"}"
        case ToolCallPart() | ToolResultPart() | ThinkingPart() | OpaquePart():
            return b""
        case _:
            assert_never(part)


def _text(text: str) -> bytes:
    return dump({"type": "input_text", "text": text}) if text else b""


def _image(image: ImagePart) -> bytes:
    url = data_url(image.mime, image.data)
    return b'{"type":"input_image","detail":"auto","image_url":' + url + b"}"


def _result(result: ToolResultPart) -> bytes:
    """A result behind its id; a failure is said in the text, for there is no flag."""
    text = f"Error: {result.text}" if result.is_error else result.text
    if not result.images:
        return _members({"type": "function_call_output", "output": text})
    parts = [found for found in (_text(text), *map(_image, result.images)) if found]
    return b',"type":"function_call_output","output":[' + b",".join(parts) + b"]}"
