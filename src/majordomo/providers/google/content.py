"""One message as content parts: the fragment that is kept for the whole run.

A fragment depends on its message and the target alone; what depends on neighbours is put between
fragments by `messages`. Source: wire/google §3, §5.1, §10.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

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
from majordomo.providers.google.models import Family
from majordomo.providers.google.state import is_call, own_turn
from majordomo.providers.text import arguments_object, dump

__all__ = ["IMAGES", "Call", "Fragment", "Result", "encode_message", "text_part"]

Json = dict[str, Any]

IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
_RESULT_IMAGES = frozenset({"image/png", "image/jpeg", "image/webp"})

# Says "written by someone else": base64 of skip_thought_signature_validator (§5.1).
_FOREIGN = b',"thoughtSignature":"c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="}'

_NOT_IN_NAME = re.compile(r"[^a-zA-Z0-9_.:-]")
_MAX_NAME_CHARS = 64  # 128 at newer models


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call, and what its response must repeat.

    Attributes:
        id: Its id in the transcript.
        head: The response's `id` and `name`, the former only where the server gave one.
    """

    id: str
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An encoded tool result.

    Attributes:
        call_id: The call it answers, by its id in the transcript.
        body: The function response from behind its name.
        media: Parts that must follow the responses: images it cannot hold itself.
    """

    call_id: str
    body: bytes
    media: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """The parts of one message.

    Attributes:
        parts: Encoded parts, joined by commas; empty when nothing of the message can be said.
        calls: The calls it makes.
        results: The results it holds.
    """

    parts: bytes = b""
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()

    @property
    def size(self) -> int:
        """Bytes it keeps."""
        return len(self.parts) + sum(len(r.body) + sum(map(len, r.media)) for r in self.results)


def encode_message(message: Message, target: Target, family: Family) -> Fragment:
    """The parts of a message; those of a system message have another place.

    Raises:
        UnsupportedRequest: It shows an image of a type this wire does not take.
    """
    match message.role:
        case Role.SYSTEM:
            return Fragment()
        case Role.ASSISTANT:
            return _own(message, target, family) or _foreign(message.parts, family)
        case Role.USER | Role.TOOL:
            return _user(message.parts, target, family)
        case _:
            assert_never(message.role)


def text_part(text: str) -> list[bytes]:
    """A text as one part, or none: empty text is refused."""
    return [dump({"text": text})] if text.strip() else []


def _own(message: Message, target: Target, family: Family) -> Fragment | None:
    """A turn of this very target, its parts as received: signatures are bound to them."""
    raw = own_turn(message, target)
    if not raw:
        return None
    parts = [dump(part) for part in raw]
    asked = [at for at, part in enumerate(raw) if is_call(part)]
    if asked and "thoughtSignature" not in raw[asked[0]]:
        parts[asked[0]] = _signed(parts[asked[0]], family)
    heads = [_head(raw[at]["functionCall"]) for at in asked]
    calls = [Call(id=c.id, head=head) for c, head in zip(message.tool_calls, heads, strict=True)]
    return Fragment(parts=b",".join(parts), calls=tuple(calls))


def _head(call: Json) -> bytes:
    return dump({name: call[name] for name in ("id", "name") if call.get(name)})[1:-1]


def _foreign(parts: Sequence[Part], family: Family) -> Fragment:
    """A turn this target did not write, or needed no state for."""
    said: list[bytes] = []
    calls: list[Call] = []
    for part in parts:
        match part:
            case TextPart():
                said += text_part(part.text)
            case ToolCallPart():
                name = dump({"name": _name(part.name)})[1:-1]
                arguments = arguments_object(part.arguments).encode()
                call = b'{"functionCall":{%b,"args":%b}}' % (name, arguments)
                said.append(call if calls else _signed(call, family))
                calls.append(Call(id=part.id, head=name))
            case ImagePart() | DocumentPart():
                said += text_part(f"(a file of type {part.mime})")
            case ThinkingPart() | OpaquePart() | ToolResultPart():
                continue  # thoughts go back with their signature, as state, or not at all
            case _:
                assert_never(part)
    return Fragment(parts=b",".join(said), calls=tuple(calls))


def _signed(call: bytes, family: Family) -> bytes:
    """A step's first call with the signature that stands for none (§5.1)."""
    return call[:-1] + _FOREIGN if family.signed_calls else call


def _user(parts: Iterable[Part], target: Target, family: Family) -> Fragment:
    said: list[bytes] = []
    results: list[Result] = []
    for part in parts:
        match part:
            case ToolResultPart():
                results.append(_result(part, target, family))
            case TextPart():
                said += text_part(part.text)
            case ImagePart():
                said.append(_image(part, target))
            case DocumentPart():
                said += [*text_part(f"{part.name}:" if part.name else ""), _inline(part)]
            case ToolCallPart() | ThinkingPart() | OpaquePart():
                continue  # an assistant's words, refused in this turn
            case _:
                assert_never(part)
    return Fragment(parts=b",".join(said), results=tuple(results))


def _result(result: ToolResultPart, target: Target, family: Family) -> Result:
    """A result; images it cannot hold itself follow it, with a label."""
    inside: list[bytes] = []
    media: list[bytes] = []
    for image in result.images:
        if family.result_images and image.mime in _RESULT_IMAGES:
            inside.append(_inline(image))
        else:
            label = f"(an image from the result of {result.name})"
            media += [*text_part(label), _image(image, target)]
    text = f"{result.text}\n(see the image below)".lstrip() if media else result.text
    said = {"error": text or "the tool failed"} if result.is_error else {"output": text}
    body = b',"response":%b' % dump(said)
    if inside:
        body += b',"parts":[%b]' % b",".join(inside)
    return Result(call_id=result.call_id, body=body, media=tuple(media))


def _image(image: ImagePart, target: Target) -> bytes:
    if image.mime not in IMAGES:
        raise UnsupportedRequest(
            f"Gemini takes no {image.mime}; convert the image to PNG, JPEG or WebP",
            provider=target.provider,
            model=target.model,
        )
    return _inline(image)


def _inline(file: ImagePart | DocumentPart) -> bytes:
    """The file; base64 needs no escapes, so it is not searched for any."""
    mime = dump({"mimeType": file.mime})[:-1]
    return b'{"inlineData":%b,"data":"%b"}}' % (mime, base64.b64encode(file.data))


def _name(name: str) -> str:
    """The name as this wire allows it: models also call tools that do not exist."""
    plain = _NOT_IN_NAME.sub("_", name)
    plain = plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"
    return plain[:_MAX_NAME_CHARS]
