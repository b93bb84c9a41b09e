"""One message as `/api/chat` takes it: the fragment that is kept for the whole run.

A fragment depends on its message and the target alone; what depends on neighbours (ids of calls,
results for calls that have none, thinking that has served) is put in by `messages`.
Source: wire/ollama §3.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from majordomo.errors import UnsupportedRequest
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
from majordomo.providers.ollama.thinking import own_thinking
from majordomo.providers.text import arguments_object, dump

__all__ = ["Call", "Fragment", "Result", "encode_message"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call, in want of its id.

    Attributes:
        id: Its id in the transcript.
        name: Its tool.
        rest: Its members from behind the id.
    """

    id: str
    name: str
    rest: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool answered.

    Attributes:
        call_id: Id of the call in the transcript.
        content: The text, as a JSON string.
        images: JSON strings, for a user message after the turn's results.
    """

    call_id: str
    content: bytes
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """What one message says.

    Attributes:
        said: The wire message without its closing brace; empty when there is none.
        by_user: Whether the user says it.
        thinking: The member that holds the turn's thinking, with a comma before it.
        calls: The calls it makes.
        results: The results it holds, said before it.
    """

    said: bytes = b""
    by_user: bool = False
    thinking: bytes = b""
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()

    @property
    def size(self) -> int:
        """Bytes it keeps."""
        results = sum(len(r.content) + sum(map(len, r.images)) for r in self.results)
        calls = sum(len(call.rest) for call in self.calls)
        return len(self.said) + len(self.thinking) + calls + results


def encode_message(message: Message, target: Target) -> Fragment:
    """A message's fragment; system messages have another place.

    Raises:
        UnsupportedRequest: It holds a document, for which this wire has no form.
    """
    match message.role:
        case Role.SYSTEM:
            return Fragment()
        case Role.ASSISTANT:
            return _assistant(message, target)
        case Role.USER | Role.TOOL:
            return _user(message, target)
        case _:
            assert_never(message.role)


def _assistant(message: Message, target: Target) -> Fragment:
    text = "".join(map(_spoken, message.parts))
    calls = tuple(map(_call, message.tool_calls))
    if not text and not calls:
        return Fragment()
    thinking = own_thinking(message, target)
    return Fragment(
        said=dump({"role": "assistant", "content": text})[:-1],
        thinking=b',"thinking":' + dump(thinking) if thinking else b"",
        calls=calls,
    )


def _spoken(part: Part) -> str:
    """A part of the model's turn as text."""
    match part:
        case TextPart():
            return part.text
        case ImagePart() | DocumentPart():
            return f"(a file of type {part.mime})"  # templates show only those of users
        case ToolCallPart() | ToolResultPart() | ThinkingPart() | OpaquePart():
            return ""
        case _:
            assert_never(part)


def _call(call: ToolCallPart) -> Call:
    arguments = arguments_object(call.arguments).encode()
    name = dump(call.name)
    rest = b',"function":{"name":' + name + b',"arguments":' + arguments + b"}}"
    return Call(call.id, call.name, rest)


def _user(message: Message, target: Target) -> Fragment:
    results = tuple(map(_result, message.tool_results))
    text, images = message.text, tuple(_images(message.parts, target))
    # A message without a word still is one: without any message the server only loads the model.
    if not text and not images and (results or message.role is Role.TOOL):
        return Fragment(results=results)
    said = dump({"role": "user", "content": text})[:-1]
    if images:
        said += b',"images":[' + b",".join(images) + b"]"
    return Fragment(said=said, by_user=True, results=results)


def _images(parts: Sequence[Part], target: Target) -> Iterator[bytes]:
    for part in parts:
        match part:
            case ImagePart():
                yield _base64(part)
            case DocumentPart():
                raise UnsupportedRequest(
                    f"{target} takes no documents; send their text, or their pages as images",
                    provider=target.provider,
                    model=target.model,
                )
            case TextPart() | ToolCallPart() | ToolResultPart() | ThinkingPart() | OpaquePart():
                continue
            case _:
                assert_never(part)


def _base64(image: ImagePart) -> bytes:
    """The image as a JSON string, without the head of a data URL."""
    return b'"' + base64.b64encode(image.data) + b'"'


def _result(result: ToolResultPart) -> Result:
    """A result; a failure is said in the text, and its images follow in a message of their own."""
    text = f"Error: {result.text}" if result.is_error else result.text
    if result.images:
        count = len(result.images)
        what = "1 image" if count == 1 else f"{count} images"
        text = f"{text}\n({what} in the next user message)".lstrip()
    return Result(result.call_id, dump(text), tuple(map(_base64, result.images)))
