"""A server's result as a tool result: text and images shown, everything else noted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic_core import to_json

from majordomo.llm import ImagePart, ToolResultPart

__all__ = ["read_result"]

MAX_TEXT_CHARS = 8 * 1024 * 1024
"""As much as a run keeps of one result (`executus.registry.Overflow`)."""
MAX_NOTE_CHARS = 2000
MAX_IMAGES = 16
MAX_IMAGE_BYTES = 20 * 1024 * 1024


@dataclass(slots=True)
class _Gathered:
    texts: list[str] = field(default_factory=list[str])
    images: list[ImagePart] = field(default_factory=list[ImagePart])
    image_bytes: int = 0
    shown: bool = False


def read_result(result: Mapping[str, Any], scrub: Callable[[str], str] = str) -> ToolResultPart:
    """Map a `tools/call` result; the registry addresses it to its call and caps its text.

    At most 16 images and 20 MiB of them are kept. `structuredContent` is shown when there is no
    text: servers repeat it as text where there is.

    Args:
        result: The protocol's JSON.
        scrub: Takes secrets out of the text.
    """
    gathered = _Gathered()
    blocks: object = result.get("content")
    for block in cast("list[object]", blocks) if isinstance(blocks, list) else []:
        if isinstance(block, dict):
            _read_block(gathered, cast("dict[str, Any]", block))
    structured: object = result.get("structuredContent")
    if structured is not None and not gathered.shown:
        gathered.texts.append(to_json(structured).decode())
    text = scrub("\n".join(gathered.texts)[:MAX_TEXT_CHARS])
    if not text and not gathered.images:
        text = "(no output)"
    return ToolResultPart(
        call_id="",
        name="",
        text=text,
        images=tuple(gathered.images),
        is_error=bool(result.get("isError")),
    )


def _read_block(gathered: _Gathered, block: Mapping[str, Any]) -> None:
    match block.get("type"):
        case "text":
            gathered.shown = True
            gathered.texts.append(str(block.get("text", "")))
        case "image":
            _read_binary(gathered, block.get("data"), _mime(block), "image")
        case "audio":
            _read_binary(gathered, block.get("data"), _mime(block), "audio")
        case "resource":
            _read_resource(gathered, block.get("resource"))
        case "resource_link":
            link = f"[resource {block.get('name')}: {block.get('uri')}]"
            gathered.texts.append(link[:MAX_NOTE_CHARS])
        case kind:
            gathered.texts.append(f"[{kind} content, not shown]")


def _read_resource(gathered: _Gathered, resource: object) -> None:
    if not isinstance(resource, dict):
        gathered.texts.append("[resource without content]")
        return
    found = cast("dict[str, Any]", resource)
    uri = str(found.get("uri"))[:MAX_NOTE_CHARS]
    if isinstance(found.get("text"), str):
        gathered.shown = True
        gathered.texts.append(f"[resource {uri}]\n{found['text']}")
    else:
        _read_binary(gathered, found.get("blob"), _mime(found), f"resource {uri}")


def _read_binary(gathered: _Gathered, encoded: object, mime: str, what: str) -> None:
    try:
        data = base64.b64decode(str(encoded), validate=True)
    except (binascii.Error, ValueError):
        gathered.texts.append(f"[{what}, {mime}: its base64 is broken]")
        return
    image = _image(data) if mime.startswith("image/") else None
    if image is None:
        gathered.texts.append(f"[{what}, {mime}, {len(data)} bytes, not shown]")
    elif _has_room(gathered, len(data)):
        gathered.image_bytes += len(data)
        gathered.images.append(image)
    else:
        gathered.texts.append(f"[{what}, {mime}, {len(data)} bytes: too many images, left out]")


def _mime(block: Mapping[str, Any]) -> str:
    return str(block.get("mimeType", "type unknown"))[:100]


def _has_room(gathered: _Gathered, size: int) -> bool:
    return len(gathered.images) < MAX_IMAGES and gathered.image_bytes + size <= MAX_IMAGE_BYTES


def _image(data: bytes) -> ImagePart | None:
    """By its bytes: providers refuse a wrong declaration, and what is no image they know."""
    try:
        return ImagePart.from_bytes(data)
    except ValueError:
        return None
