"""One message made smaller; it stays the same object when there is nothing to gain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from pydantic_core import from_json, to_json

from executus.compact.thinking import with_parts
from majordomo.llm import (
    DocumentPart,
    ImagePart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

__all__ = ["cut_text", "cut_texts", "drop_media", "stub_results"]

_MOST_FIELDS = 4
STUB_ABOVE_CHARS = 200
"""A shorter result says as much as its stub would."""


def cut_text(text: str, most_chars: int) -> str:
    """The text's beginning and end with a note between them; itself when that is not shorter.

    Args:
        text: Any.
        most_chars: Characters of it to keep; the note is about 50 more.
    """
    lost = len(text) - most_chars
    if lost <= 0:
        return text
    tail = most_chars // 3
    note = f"\n[… {lost:,} characters cut to save context …]\n"
    shorter = text[: most_chars - tail] + note + text[len(text) - tail :]
    return shorter if len(shorter) < len(text) else text


def stub_results(message: Message) -> Message:
    """The message with long results of tools, and their images, replaced by one line each."""
    return _changed(message, _stubbed)


def cut_texts(message: Message, most_chars: int) -> Message:
    """The message with every text in it cut; arguments of calls stay JSON objects."""
    return _changed(message, lambda part: _cut_part(part, most_chars))


def drop_media(message: Message) -> Message:
    """The message with images and documents replaced by one line each."""
    return _changed(message, _without_media)


def _changed(message: Message, change: Callable[[Part], Part]) -> Message:
    parts = tuple(map(change, message.parts))
    if all(new is old for new, old in zip(parts, message.parts, strict=True)):
        return message
    return with_parts(message, replace(message, parts=parts))


def _stubbed(part: Part) -> Part:
    if not isinstance(part, ToolResultPart):
        return part
    if len(part.text) <= STUB_ABOVE_CHARS and not part.images:
        return part
    size = len(part.text.encode("utf-8", "replace"))
    lost = [f"{size:,} bytes", *_counted(len(part.images))]
    stub = f"[dropped to save context: {' and '.join(lost)} of the result of {part.name[:64]}]"
    return replace(part, text=stub, images=())


def _counted(images: int) -> list[str]:
    if not images:
        return []
    return ["1 image" if images == 1 else f"{images} images"]


def _cut_part(part: Part, most_chars: int) -> Part:
    match part:
        case TextPart():
            text = cut_text(part.text, most_chars)
            return part if text is part.text else TextPart(text)
        case ToolResultPart():
            text = cut_text(part.text, most_chars)
            return part if text is part.text else replace(part, text=text)
        case ToolCallPart():
            arguments = _cut_arguments(part.arguments, most_chars)
            return part if arguments is part.arguments else replace(part, arguments=arguments)
        case _:
            return part


def _cut_arguments(text: str, most_chars: int) -> str:
    """Arguments with their long texts cut: the names and the short values tell what was done."""
    if len(text) <= most_chars:
        return text
    try:
        parsed: object = from_json(text.encode("utf-8", "replace"), allow_inf_nan=False)
    except ValueError:
        parsed = None
    fields = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
    shorter = {name: _cut_value(value, most_chars) for name, value in fields.items()}
    written = to_json(shorter).decode() if fields else ""
    if not 0 < len(written) <= _MOST_FIELDS * most_chars:
        written = to_json({"cut": cut_text(text, most_chars)}).decode()
    return written if len(written) < len(text) else text


def _cut_value(value: object, most_chars: int) -> object:
    return cut_text(value, most_chars) if isinstance(value, str) else value


def _without_media(part: Part) -> Part:
    match part:
        case ImagePart() | DocumentPart():
            return TextPart(f"[dropped to save context: a file of type {part.mime}]")
        case ToolResultPart() if part.images:
            lost = _counted(len(part.images))[0]
            text = f"{part.text}\n[dropped to save context: {lost}]".lstrip()
            return replace(part, text=text, images=())
        case _:
            return part
