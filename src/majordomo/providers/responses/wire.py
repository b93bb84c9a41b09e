"""The Responses dialect as a wire."""

from __future__ import annotations

from typing import Any

from majordomo.http import SSEReader
from majordomo.llm.model import Capabilities
from majordomo.llm.output import OutputMode
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.providers.faults import Fault
from majordomo.providers.responses.decode import decode_response
from majordomo.providers.responses.encode import encode_request
from majordomo.providers.responses.errors import refine_fault
from majordomo.providers.responses.items import WIRE
from majordomo.providers.responses.options import ResponsesOptions
from majordomo.providers.responses.stream import ResponsesDecoder
from majordomo.providers.wire import ResponseMeta, WireCall, bearer

__all__ = ["ResponsesWire"]

_CAPABILITIES = Capabilities(
    tools=True,
    structured_output=True,
    image_mimes=frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"}),
)


class ResponsesWire:
    """OpenAI's Responses API.

    Args:
        options: How this endpoint is asked.
    """

    name = WIRE

    def __init__(self, options: ResponsesOptions = ResponsesOptions()) -> None:
        self.options = options

    def describe(self, model: str) -> tuple[Capabilities, OutputMode]:
        """What the API takes; models are not told apart."""
        del model
        return _CAPABILITIES, OutputMode.NATIVE

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        """A bearer token."""
        return bearer(key)

    def encode(self, request: Request, target: Target, *, streaming: bool) -> WireCall:
        """See `Wire.encode`."""
        return encode_request(request, target, self.options, streaming=streaming)

    def decode(self, body: Any, meta: ResponseMeta) -> Response:
        """See `Wire.decode`."""
        return decode_response(body, meta)

    def reader(self) -> SSEReader:
        """See `Wire.reader`."""
        return SSEReader()

    def decoder(self) -> ResponsesDecoder:
        """See `Wire.decoder`."""
        return ResponsesDecoder()

    def refine(self, fault: Fault, status: int) -> Fault:
        """See `Wire.refine`."""
        return refine_fault(fault, status)
