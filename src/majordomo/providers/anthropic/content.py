"""One message as content blocks: the fragment that is kept for the whole run.

A fragment depends on its message and the target alone; what depends on neighbours is put between
fragments by `messages`. Source: wire/anthropic §3, §4, §6.1, §11.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never, cast

from pydantic_core import from_json

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
from majordomo.providers.callids import digest_call_id
from majordomo.providers.text import arguments_object, dump
from majordomo.providers.wire import own_state

__all__ = ["WIRE", "Fragment", "call_name", "encode_apart", "encode_message", "text_block"]

WIRE = "anthropic"

Json = dict[str, Any]

_CALL_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NOT_IN_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_MAX_NAME_CHARS = 64  # 128 at newer models


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """The content blocks of one message.

    Attributes:
        blocks: Encoded blocks, joined by commas; empty when nothing of the message can be said.
        final: The same, when an assistant's turn ends the request: it may not end in white space.
        calls: (call id, its id on the wire as JSON) of the calls it makes.
        answers: (call id, result block from behind its id) of the results it holds.
    """

    blocks: bytes = b""
    final: bytes = b""
    calls: tuple[tuple[str, bytes], ...] = ()
    answers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """Bytes it keeps."""
        return len(self.blocks) + sum(len(block) for _, block in self.answers)


def encode_message(message: Message, target: Target) -> Fragment:
    """The blocks of a message; those of a system message have another place."""
    match message.role:
        case Role.SYSTEM:
            return Fragment()
        case Role.ASSISTANT:
            return _own_turn(message, target) or _assistant(message.parts)
        case Role.USER | Role.TOOL:
            return _user(message.parts)
        case _:
            assert_never(message.role)


def encode_apart(message: Message, target: Target, before: int) -> Fragment:
    """An assistant's turn whose call ids are taken: each call gets one of its own (§4).

    Some vendors number the calls of every turn from 0. A turn of this very target stays as it is.

    Args:
        message: The turn.
        target: Who is asked.
        before: How many calls came before it.
    """
    own = _own_turn(message, target)
    if own is not None:
        return own
    calls = message.tool_calls
    # A line end is in no id of this wire, so these are mapped to digests.
    fresh = iter([replace(call, id=f"{call.id}\n{before + at}") for at, call in enumerate(calls)])
    parts = [next(fresh) if isinstance(part, ToolCallPart) else part for part in message.parts]
    fragment = _assistant(parts)
    renamed = zip(calls, fragment.calls, strict=True)
    return replace(fragment, calls=tuple((call.id, wire_id) for call, (_, wire_id) in renamed))


def _user(parts: Iterable[Part]) -> Fragment:
    blocks: list[bytes] = []
    answers: list[tuple[str, bytes]] = []
    for part in parts:
        match part:
            case ToolResultPart():
                answers.append((part.call_id, _result(part)))
            case TextPart():
                blocks += text_block(part.text)
            case ImagePart():
                blocks.append(dump(_image(part)))
            case DocumentPart():
                blocks.append(dump(_document(part)))
            case ToolCallPart() | ThinkingPart() | OpaquePart():
                continue  # an assistant's words, refused in this turn
            case _:
                assert_never(part)
    return Fragment(blocks=b",".join(blocks), answers=tuple(answers))


def _assistant(parts: Sequence[Part]) -> Fragment:
    said = [(part, block) for part in parts for block in _said(part)]
    calls = tuple(
        (part.id, dump(_wire_id(part.id))) for part in parts if isinstance(part, ToolCallPart)
    )
    blocks = [block for _, block in said]
    joined = final = b",".join(blocks)
    if said and isinstance(last := said[-1][0], TextPart):
        final = b",".join([*blocks[:-1], *text_block(last.text.rstrip())])
    return Fragment(blocks=joined, final=final, calls=calls)


def _said(part: Part) -> list[bytes]:
    """A part of an assistant's turn that this target did not write, as no block or one."""
    match part:
        case TextPart():
            return text_block(part.text)
        case ToolCallPart():
            return [_tool_use(part)]
        case ImagePart() | DocumentPart():
            return text_block(f"(a file of type {part.mime})")  # only users may show files (§1.1)
        case ThinkingPart() | OpaquePart() | ToolResultPart():
            return []  # reasoning goes back with its signature, as state, or not at all (§6.1)
        case _:
            assert_never(part)


def _own_turn(message: Message, target: Target) -> Fragment | None:
    """A turn of this very target, as received to the byte: its signatures are bound to the text."""
    state = own_state(message, WIRE, target)
    if state is None:
        return None
    blocks = _parsed(state)
    if not blocks:
        return None
    calls = tuple(
        (str(block.get("id")), dump(block.get("id")))
        for block in blocks
        if block.get("type") == "tool_use"
    )
    joined = final = _utf8(state.strip()[1:-1])
    last = blocks[-1]
    if last.get("type") == "text" and last["text"] != last["text"].rstrip():
        final = dump([*blocks[:-1], {**last, "text": last["text"].rstrip()}])[1:-1]
    return Fragment(blocks=joined, final=final, calls=calls)


def _parsed(state: str) -> list[Json]:
    """The state's blocks; none when storage has damaged it: then the parts are sent."""
    try:
        blocks: object = from_json(_utf8(state))
    except ValueError:
        return []
    items = cast("list[object]", blocks) if isinstance(blocks, list) else []
    found = [cast("Json", item) for item in items if isinstance(item, dict)]
    return found if len(found) == len(items) else []


def text_block(text: str) -> list[bytes]:
    """A text as one block, or none: text of white space alone is refused."""
    return [dump({"type": "text", "text": text})] if text.strip() else []


def _tool_use(call: ToolCallPart) -> bytes:
    head = dump({"type": "tool_use", "id": _wire_id(call.id), "name": call_name(call)})
    return b'%b,"input":%b}' % (head[:-1], arguments_object(call.arguments).encode())


def _result(result: ToolResultPart) -> bytes:
    """A result block from behind its id, which is the call's to say."""
    text = result.text if result.text.strip() else ""
    if result.is_error:
        return b"," + dump({"is_error": True, "content": text or "the tool failed"})[1:]
    if result.images:
        images = [dump(_image(image)) for image in result.images]
        return b',"content":[%b]}' % b",".join([*text_block(text), *images])
    return b"," + dump({"content": text})[1:] if text else b"}"


def _image(image: ImagePart) -> Json:
    return {"type": "image", "source": _source(image)}


def _document(document: DocumentPart) -> Json:
    if document.mime == "text/plain":
        text = document.data.decode("utf-8", "replace")
        source: Json = {"type": "text", "media_type": document.mime, "data": text}
    else:
        source = _source(document)
    return {"type": "document", "source": source, "title": document.name}


def _source(file: ImagePart | DocumentPart) -> Json:
    data = base64.b64encode(file.data).decode()
    return {"type": "base64", "media_type": file.mime, "data": data}


def _wire_id(call_id: str) -> str:
    """The id as this wire allows it: another vendor's is mapped to a digest of itself."""
    return call_id if _CALL_ID.fullmatch(call_id) else digest_call_id(call_id)


def call_name(call: ToolCallPart) -> str:
    """The name as this wire allows it: models also call tools that do not exist."""
    return _NOT_IN_NAME.sub("_", call.name)[:_MAX_NAME_CHARS] or "unnamed"


def _utf8(text: str) -> bytes:
    """UTF-8; a lone surrogate has none and becomes "?"."""
    return text.encode("utf-8", "replace")
