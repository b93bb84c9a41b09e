"""Messages as Chat Completions takes them: one fragment of bytes each, kept for the whole run.

A fragment depends on its message, the dialect and the target alone. What depends on neighbours
(results for calls that have none, images of results) is put between fragments by `join_messages`.
Source: wire/openai §4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, assert_never, cast

from pydantic_core import from_json

from majordomo.llm.fragments import Fragments
from majordomo.llm.message import Message, Role
from majordomo.llm.parts import ToolCallPart, ToolResultPart
from majordomo.llm.response import Target
from majordomo.providers.encodings import Encodings
from majordomo.providers.openai.content import (
    image_part,
    takes_images,
    user_message,
)
from majordomo.providers.openai.dialect import Dialect
from majordomo.providers.openai.reasoning import WIRE
from majordomo.providers.text import arguments_object, dump
from majordomo.providers.wire import own_state

__all__ = ["join_messages"]

Json = dict[str, Any]

NOT_COMPLETED = "Error: the call was not completed."


@dataclass(frozen=True, slots=True)
class _Answer:
    """An encoded tool result.

    Attributes:
        call_id: The call it answers.
        data: Its `tool` message.
        images: Content parts for a user message after the turn's results.
    """

    call_id: str
    data: bytes
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fragment:
    """An encoded message, and what its neighbours must know of it.

    Attributes:
        data: The wire message; empty when there is none.
        calls: Ids of the calls it makes.
        answers: The results it holds.
    """

    data: bytes = b""
    calls: tuple[str, ...] = ()
    answers: tuple[_Answer, ...] = ()

    @property
    def size(self) -> int:
        """Bytes it keeps."""
        answers = (len(a.data) + sum(map(len, a.images)) for a in self.answers)
        return len(self.data) + sum(answers)


def join_messages(
    messages: Sequence[Message], fragments: Fragments, dialect: Dialect, target: Target
) -> Conversation:
    """A conversation in this dialect; what was joined in earlier calls of the run is kept."""
    key = (WIRE, dialect, target)
    known = fragments.of(key, _Fragment)
    return fragments.joined(key, messages, lambda: Conversation(known, dialect, target))


class Conversation:
    """Wire messages in the making.

    Every call gets exactly one result, directly after it; a call nobody answered gets an error, a
    result without its call is dropped. Images of results follow in one user message.

    Attributes:
        system_texts: Texts of system messages, which go elsewhere.
    """

    def __init__(
        self, known: dict[int, tuple[Message, _Fragment]], dialect: Dialect, target: Target
    ) -> None:
        self.system_texts: list[str] = []
        self._encodings = Encodings(known, partial(_encode, dialect=dialect, target=target))
        self._joined: list[bytes] = []
        self._open_calls: list[str] = []
        self._images: list[bytes] = []

    @property
    def keep(self) -> bool:
        """False once it holds media too big to keep beside the message."""
        return self._encodings.keep

    def add(self, message: Message) -> None:
        """Add the next message."""
        if message.role is Role.SYSTEM:
            self.system_texts.append(message.text)
            return
        fragment = self._encodings.of(message)
        if fragment.answers:
            self._answer(fragment)
            return
        self._joined.extend(self._closing())
        self._images = []
        if fragment.data:
            self._joined.append(fragment.data)
        self._open_calls = list(fragment.calls)

    def _answer(self, fragment: _Fragment) -> None:
        for answer in fragment.answers:
            if answer.call_id in self._open_calls:
                self._open_calls.remove(answer.call_id)
                self._joined.append(answer.data)
                self._images.extend(answer.images)

    def _closing(self) -> Iterator[bytes]:
        """What must follow a turn of results before anything else is said."""
        for call_id in self._open_calls:
            yield _tool_message(call_id, NOT_COMPLETED)
        if self._images:
            yield b'{"role":"user","content":[' + b",".join(self._images) + b"]}"

    def encoded(self) -> bytes:
        """The wire messages so far, joined by commas; more may still be added."""
        return b",".join((*self._joined, *self._closing()))


def _encode(message: Message, dialect: Dialect, target: Target) -> _Fragment:
    match message.role:
        case Role.USER:
            return _Fragment(user_message(message, dialect, target))
        case Role.ASSISTANT:
            return _assistant(message, dialect, target)
        case Role.TOOL:
            return _results(message, dialect)
        case Role.SYSTEM:
            return _Fragment()
        case _:
            assert_never(message.role)


def _assistant(message: Message, dialect: Dialect, target: Target) -> _Fragment:
    state = _own_fields(message, target)
    extras = cast("Json", state.get("tool_calls") or {})
    calls = [_call(call, extras.get(call.id)) for call in message.tool_calls]
    fields = {name: state[name] for name in dialect.replay if state.get(name)}
    text = message.text
    if not text and not calls and not fields:
        return _Fragment()
    content: object = text or (None if calls and dialect.null_content else "")
    thinking = fields.pop("thinking", None)
    if thinking:
        content = _with_thinking(str(thinking), text)
    body: Json = {"role": "assistant", "content": content, **fields}
    if calls:
        body["tool_calls"] = calls
    return _Fragment(dump(body), calls=tuple(call.id for call in message.tool_calls))


def _own_fields(message: Message, target: Target) -> Json:
    """What this target wrote beside the turn; empty when that cannot be read any more."""
    state = own_state(message, WIRE, target)
    try:
        found: object = from_json(state, allow_inf_nan=False) if state else {}
    except ValueError:
        return {}
    return cast("Json", found) if isinstance(found, dict) else {}


def _with_thinking(thinking: str, text: str) -> list[Json]:
    parts: list[Json] = [{"type": "thinking", "thinking": [{"type": "text", "text": thinking}]}]
    return [*parts, {"type": "text", "text": text}] if text else parts


def _call(call: ToolCallPart, extra: object) -> Json:
    function = {"name": call.name, "arguments": arguments_object(call.arguments)}
    body: Json = {"id": call.id, "type": "function", "function": function}
    return body if extra is None else {**body, "extra_content": extra}


def _results(message: Message, dialect: Dialect) -> _Fragment:
    return _Fragment(answers=tuple(_answer(result, dialect) for result in message.tool_results))


def _answer(result: ToolResultPart, dialect: Dialect) -> _Answer:
    """A result; its images cannot be in a `tool` message, so that only points to them."""
    text = f"Error: {result.text}" if result.is_error else result.text
    images: tuple[bytes, ...] = ()
    if result.images:
        what = "image" if len(result.images) == 1 else f"{len(result.images)} images"
        shown = takes_images(dialect)
        where = "in the next user message" if shown else "left out: no images are taken here"
        text = f"{text}\n({what} {where})".lstrip()
        if shown:
            label = f"Result of {result.name} ({result.call_id}), {what}:"
            images = (dump({"type": "text", "text": label}), *map(image_part, result.images))
    return _Answer(result.call_id, _tool_message(result.call_id, text), images)


def _tool_message(call_id: str, text: str) -> bytes:
    return dump({"role": "tool", "tool_call_id": call_id, "content": text})
