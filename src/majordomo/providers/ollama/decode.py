"""Whole answers of `/api/chat` (wire/ollama §5)."""

from __future__ import annotations

from typing import Any

from majordomo.errors import ErrorKind
from majordomo.llm.assembler import ArgumentsTooLong
from majordomo.llm.response import Response
from majordomo.providers.faults import Fault, WireFault
from majordomo.providers.ollama.stream import ChatDecoder
from majordomo.providers.wire import ResponseMeta

__all__ = ["decode_response"]


def decode_response(body: Any, meta: ResponseMeta) -> Response:
    """Decode a whole answer: a stream of length one.

    Raises:
        WireFault: The body is an error, holds no answer or only a part of one, or a call whose
            arguments are too long.
    """
    decoder = ChatDecoder()
    try:
        decoder.take(body)
    except ArgumentsTooLong as error:
        fault = Fault(message=str(error), code="answer_too_large", kind=ErrorKind.PERMANENT)
        raise WireFault(fault) from error
    decoder.end()
    return decoder.response(meta)
