"""Content of user messages: texts, images and documents as Chat Completions takes them.

Source: wire/openai §4.
"""

from __future__ import annotations

from typing import assert_never

from majordomo.errors import UnsupportedRequest
from majordomo.llm.message import Message
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
from majordomo.providers.text import data_url, dump

__all__ = ["image_part", "takes_images", "user_message"]


def user_message(message: Message, dialect: Dialect, target: Target) -> bytes:
    """A user message: one string where it is only text, content parts where it is more.

    Raises:
        UnsupportedRequest: The dialect has no place for an image or document in it.
    """
    if not any(isinstance(part, ImagePart | DocumentPart) for part in message.parts):
        return dump({"role": "user", "content": message.text})
    content = [found for part in message.parts if (found := _content(part, dialect, target))]
    return b'{"role":"user","content":[' + b",".join(content) + b"]}"


def takes_images(dialect: Dialect) -> bool:
    """Whether images may be sent at all."""
    return not dialect.string_content and dialect.vision is not False


def _content(part: Part, dialect: Dialect, target: Target) -> bytes | None:
    """A content part, or None for one that is not said in a user message."""
    match part:
        case TextPart():
            return dump({"type": "text", "text": part.text}) if part.text else None
        case ImagePart():
            if not takes_images(dialect):
                raise _refusal("images", target)
            return image_part(part)
        case DocumentPart():
            if dialect.string_content:
                raise _refusal("documents", target)
            return _document_part(part)
        case ToolCallPart() | ToolResultPart() | ThinkingPart() | OpaquePart():
            return None
        case _:
            assert_never(part)


def _refusal(what: str, target: Target) -> UnsupportedRequest:
    return UnsupportedRequest(
        f"{target} takes no {what}; leave them out",
        provider=target.provider,
        model=target.model,
    )


def image_part(image: ImagePart) -> bytes:
    """An image as a content part."""
    url = data_url(image.mime, image.data)
    return b'{"type":"image_url","image_url":{"url":' + url + b"}}"


def _document_part(document: DocumentPart) -> bytes:
    name, url = dump(document.name), data_url(document.mime, document.data)
    return b'{"type":"file","file":{"filename":' + name + b',"file_data":' + url + b"}}"
