"""Answers of `/images/generations` (wire/openai §10, wire/llama-swap §6)."""

from __future__ import annotations

import base64
from typing import Any, cast

from majordomo.errors import ErrorKind
from majordomo.imagegen import ImageResult
from majordomo.llm.parts import ImagePart
from majordomo.llm.response import Usage
from majordomo.providers.faults import Fault, WireFault
from majordomo.providers.wire import ResponseMeta

__all__ = ["decode_image_result"]

Json = dict[str, Any]


def decode_image_result(body: Any, meta: ResponseMeta) -> ImageResult:
    """Decode a whole answer.

    Raises:
        WireFault: It holds no image bytes, or bytes of no known image type.
    """
    answer = cast("Json", body)
    items = cast("list[Json]", answer.get("data") or [])
    drawn = [item for item in items if item.get("b64_json")]
    if not drawn:
        raise WireFault(_nothing(items))
    return ImageResult(
        images=tuple(_image(item["b64_json"]) for item in drawn),
        target=meta.target,
        usage=_usage(answer.get("usage")),
        revised_prompts=tuple(item.get("revised_prompt") or "" for item in drawn),
        request_id=meta.request_id,
        raw=meta.raw,
    )


def _nothing(items: list[Json]) -> Fault:
    if any(item.get("url") for item in items):
        return Fault(
            message="the answer holds URLs instead of image bytes; use a server or a "
            "response_format that gives base64",
            code="no_image_bytes",
            kind=ErrorKind.UNSUPPORTED,
        )
    # Local servers skip images they failed to encode, so another try may bring some.
    return Fault(message="the answer holds no image", code="no_image", kind=ErrorKind.TRANSIENT)


def _image(text: str) -> ImagePart:
    """The image in a base64 text, with or without `data:` before it and padding after it.

    Raises:
        ValueError: It is no base64.
        WireFault: It decodes to no image.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    text = "".join(text.split()).rstrip("=")
    data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    try:
        return ImagePart.from_bytes(data)  # the type the bytes have, not the one they were asked in
    except ValueError as error:
        raise WireFault(
            Fault(
                message="the answer's bytes start like no known image type; ask for png, jpeg or "
                "webp",
                code="unknown_image_type",
                kind=ErrorKind.UNSUPPORTED,
            )
        ) from error


def _usage(found: object) -> Usage:
    counts = cast("Json", found) if isinstance(found, dict) else {}
    return Usage(
        input=_count(counts.get("input_tokens")),
        output=_count(counts.get("output_tokens")),
        requests=1,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
