"""Speaks `/v1/images/generations`: answers in base64, as OpenAI and as sd-server shape them.

Source: wire/openai.md §10, wire/llama-swap.md §6.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from executus.testing.server.answer import JSONAnswer

__all__ = ["PNG", "image_answer", "sd_server_answer"]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
"""The smallest image: one pixel."""

_CREATED = 1790000000
_TAG = re.compile(r"<sd_cpp_extra_args>.*?</sd_cpp_extra_args>", re.DOTALL)


def image_answer(images: Sequence[bytes] = (PNG,), **fields: Any) -> JSONAnswer:
    """A whole answer that holds these images; `fields` stand beside `data` in its body."""
    data = [{"b64_json": base64.b64encode(image).decode()} for image in images]
    return JSONAnswer(200, {"created": _CREATED, "data": data, **fields})


def sd_server_answer(body: Mapping[str, Any]) -> JSONAnswer:
    """What sd-server answers to a request body: one pixel `n` times, or its complaint."""
    if any(body.get(name, "") is None for name in ("n", "size")):
        return JSONAnswer(500, {"error": "server_error", "message": "type must be a value"})
    if not _TAG.sub("", body.get("prompt", "")).strip():
        return JSONAnswer(400, {"error": "prompt required"})
    return image_answer([PNG] * body.get("n", 1), output_format=body.get("output_format", "png"))
