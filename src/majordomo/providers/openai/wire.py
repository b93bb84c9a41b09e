"""The Chat Completions dialect as a wire."""

from __future__ import annotations

from typing import Any

from majordomo.http import SSEReader
from majordomo.llm.model import Capabilities
from majordomo.llm.output import OutputMode
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.providers.faults import Fault
from majordomo.providers.openai.decode import decode_response
from majordomo.providers.openai.dialect import Dialect
from majordomo.providers.openai.encode import encode_request
from majordomo.providers.openai.errors import refine_fault
from majordomo.providers.openai.reasoning import WIRE
from majordomo.providers.openai.stream import ChatDecoder
from majordomo.providers.wire import ResponseMeta, StreamDecoder, WireCall, bearer

__all__ = ["OpenAIWire"]


class OpenAIWire:
    """OpenAI's Chat Completions, and servers compatible with it.

    Args:
        dialect: What the server deviates in.
    """

    name = WIRE

    def __init__(self, dialect: Dialect = Dialect()) -> None:
        self.dialect = dialect

    def describe(self, model: str) -> tuple[Capabilities, OutputMode]:
        """What the dialect says; models are not told apart."""
        del model
        dialect = self.dialect
        capabilities = Capabilities(
            vision=dialect.vision,
            structured_output=dialect.output is OutputMode.NATIVE,
            image_mimes=dialect.image_mimes,
            max_image_pixels=dialect.max_image_pixels,
            max_image_bytes=dialect.max_image_bytes,
        )
        return capabilities, dialect.output

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        """A bearer token."""
        return bearer(key)

    def encode(self, request: Request, target: Target, *, streaming: bool) -> WireCall:
        """See `Wire.encode`."""
        return encode_request(request, target, self.dialect, streaming=streaming)

    def decode(self, body: Any, meta: ResponseMeta) -> Response:
        """See `Wire.decode`."""
        return decode_response(body, meta)

    def reader(self) -> SSEReader:
        """See `Wire.reader`."""
        return SSEReader()

    def decoder(self) -> StreamDecoder:
        """See `Wire.decoder`."""
        return ChatDecoder()

    def refine(self, fault: Fault, status: int) -> Fault:
        """See `Wire.refine`."""
        return refine_fault(fault, status)
