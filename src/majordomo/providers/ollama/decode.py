"""Whole answers of `/api/chat` (wire/ollama §5)."""

from __future__ import annotations

from typing import Any

from majordomo.llm.response import Response
from majordomo.providers.ollama.stream import ChatDecoder
from majordomo.providers.wire import ResponseMeta

__all__ = ["decode_response"]


def decode_response(body: Any, meta: ResponseMeta) -> Response:
    """Decode a whole answer: a stream of length one.

    Raises:
        WireFault: The body is an error, holds no answer or only a part of one.
        ArgumentsTooLong: It holds a call whose arguments are.
    """
    decoder = ChatDecoder()
    decoder.take(body)
    decoder.end()
    return decoder.response(meta)
