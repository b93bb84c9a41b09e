"""Messages as the Messages API takes them: fragments of content blocks, merged into turns.

A fragment holds the blocks of one message and depends on that message and the endpoint alone; it is
kept for the whole run. Merging turns, putting results first and answering calls nobody answered
depend on neighbours and happen between fragments. Source: wire/anthropic §3, §4.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never, cast

from pydantic_core import from_json

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
from majordomo.providers.text import arguments_object, dump
from majordomo.providers.wire import own_state

__all__ = ["WIRE", "call_names", "join_messages"]

WIRE = "anthropic"

_CALL_ID = re.compile(r"[a-zA-Z0-9_-]+")
_MOST_KEPT = 1024 * 1024
_BEGIN = dump({"type": "text", "text": "(The conversation begins with the assistant's turn.)"})


@dataclass(frozen=True, slots=True)
class _Fragment:
    """The content blocks of one message.

    Attributes:
        blocks: Encoded blocks, in order.
        calls: Ids of the calls it makes, as they are on the wire.
        answers: (call id, encoded result block) of the results it holds.
    """

    blocks: tuple[bytes, ...] = ()
    calls: tuple[str, ...] = ()
    answers: tuple[tuple[str, bytes], ...] = ()


def join_messages(
    messages: Sequence[Message], fragments: Fragments, target: Target
) -> Conversation:
    """A conversation in this dialect; what was joined in earlier calls of the run is kept."""
    key = (WIRE, target)
    known = fragments.of(key, _Fragment)
    return fragments.joined(key, messages, lambda: Conversation(known, target))


class Conversation:
    """Wire messages in the making.

    Turns of one role are merged and the first one is the user's. The results of a turn's calls
    stand first in the next message; a call nobody answered gets an error, a result without its
    call is dropped.

    Attributes:
        system_texts: Texts of system messages, which go elsewhere.
    """

    def __init__(self, known: dict[int, tuple[Message, _Fragment]], target: Target) -> None:
        self.system_texts: list[str] = []
        self._known = known
        self._target = target
        self._finished: list[bytes] = []
        self._role = "user"
        self._blocks: list[bytes] = []
        self._open_calls: list[str] = []

    def add(self, message: Message) -> None:
        """Add the next message."""
        if message.role is Role.SYSTEM:
            self.system_texts.append(message.text)
            return
        fragment = _fragment(message, self._known, self._target)
        if fragment.answers:
            self._answer(fragment)
        elif fragment.blocks:
            self._say("assistant" if message.role is Role.ASSISTANT else "user", fragment)

    def _say(self, role: str, fragment: _Fragment) -> None:
        if self._open_calls:
            self._turn("user").extend(map(_never_answered, self._open_calls))
        if role == "assistant" and not self._finished and not self._blocks:
            self._blocks.append(_BEGIN)
        self._turn(role).extend(fragment.blocks)
        self._open_calls = list(fragment.calls)

    def _answer(self, fragment: _Fragment) -> None:
        for call_id, block in fragment.answers:
            if call_id in self._open_calls:
                self._open_calls.remove(call_id)
                self._turn("user").append(block)

    def _turn(self, role: str) -> list[bytes]:
        """The blocks of the open turn, which is of that role from now on."""
        if self._role != role:
            if self._blocks:
                self._finished.append(_turn(self._role, self._blocks))
            self._role, self._blocks = role, []
        return self._blocks

    def encoded(self) -> bytes:
        """The wire messages so far, joined by commas; more may still be added."""
        repairs = [_never_answered(call_id) for call_id in self._open_calls]
        if repairs and self._role == "assistant":
            last = (_turn(self._role, self._blocks), _turn("user", repairs))
        else:
            blocks = [*self._blocks, *repairs]
            last = (_turn(self._role, blocks),) if blocks else ()
        return b",".join((*self._finished, *last))


def _turn(role: str, blocks: Sequence[bytes]) -> bytes:
    return b'{"role":"%b","content":[%b]}' % (role.encode(), b",".join(blocks))


def _never_answered(call_id: str) -> bytes:
    return dump(
        {
            "type": "tool_result",
            "tool_use_id": call_id,
            "is_error": True,
            "content": "the call was never completed",
        }
    )


def _fragment(
    message: Message, known: dict[int, tuple[Message, _Fragment]], target: Target
) -> _Fragment:
    found = known.get(id(message))
    if found is not None:
        return found[1]
    fragment = _encode(message, target)
    blocks = (*fragment.blocks, *(block for _, block in fragment.answers))
    if sum(map(len, blocks)) < _MOST_KEPT:  # media is not kept twice
        known[id(message)] = (message, fragment)
    return fragment


def _encode(message: Message, target: Target) -> _Fragment:
    if message.role is Role.TOOL:
        return _Fragment(
            answers=tuple((_wire_id(r.call_id), _result(r)) for r in message.tool_results)
        )
    state = own_state(message, WIRE, target)
    if state is not None:
        # As received, to the byte: the signatures in it are bound to the text (§6.1).
        return _Fragment((state.removeprefix("[").removesuffix("]").encode(),), _own_calls(state))
    blocks = (_block(part) for part in message.parts)
    return _Fragment(
        tuple(block for block in blocks if block is not None),
        tuple(_wire_id(call.id) for call in message.tool_calls),
    )


def _own_calls(state: str) -> tuple[str, ...]:
    blocks = cast("list[dict[str, Any]]", from_json(state))
    return tuple(block["id"] for block in blocks if block.get("type") == "tool_use")


def _block(part: Part) -> bytes | None:
    match part:
        case TextPart():
            # Text of white space alone is refused.
            return dump({"type": "text", "text": part.text}) if part.text.strip() else None
        case ImagePart():
            return dump(_image(part))
        case DocumentPart():
            source = {"type": "base64", "media_type": part.mime, "data": _base64(part.data)}
            return dump({"type": "document", "source": source, "title": part.name})
        case ToolCallPart():
            head = dump({"type": "tool_use", "id": _wire_id(part.id), "name": part.name})
            return head[:-1] + b',"input":' + dump_text(arguments_object(part.arguments)) + b"}"
        case ToolResultPart() | ThinkingPart() | OpaquePart():
            return None  # results have their own place; reasoning goes back as state or not at all
        case _:
            assert_never(part)


def dump_text(json_text: str) -> bytes:
    """JSON text as bytes; a lone surrogate has no UTF-8 and becomes "?"."""
    return json_text.encode("utf-8", "replace")


def _result(result: ToolResultPart) -> bytes:
    body: dict[str, Any] = {"type": "tool_result", "tool_use_id": _wire_id(result.call_id)}
    if result.is_error:
        body |= {"is_error": True, "content": result.text or "the tool failed"}
    elif result.images:
        texts = [{"type": "text", "text": result.text}] if result.text.strip() else []
        body["content"] = [*texts, *map(_image, result.images)]
    else:
        body["content"] = result.text
    return dump(body)


def _image(image: ImagePart) -> dict[str, Any]:
    source = {"type": "base64", "media_type": image.mime, "data": _base64(image.data)}
    return {"type": "image", "source": source}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _wire_id(call_id: str) -> str:
    """The id as this wire allows it: another vendor's is mapped to a digest of itself."""
    if _CALL_ID.fullmatch(call_id):
        return call_id
    return f"call_{hashlib.sha256(call_id.encode('utf-8', 'replace')).hexdigest()[:24]}"


def call_names(messages: Sequence[Message]) -> list[str]:
    """Names of the tools a conversation has called, in order of first use."""
    calls = (call.name for message in messages for call in message.tool_calls)
    return list(dict.fromkeys(calls))
