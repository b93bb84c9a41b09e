"""The Messages dialect as a wire."""

from __future__ import annotations

from typing import Any

from majordomo.http import SSEReader
from majordomo.llm.model import Capabilities
from majordomo.llm.output import OutputMode
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.providers.anthropic.content import WIRE
from majordomo.providers.anthropic.decode import decode_response
from majordomo.providers.anthropic.encode import encode_request
from majordomo.providers.anthropic.errors import refine_fault
from majordomo.providers.anthropic.models import family_of
from majordomo.providers.anthropic.options import AnthropicOptions
from majordomo.providers.anthropic.stream import MessagesDecoder
from majordomo.providers.faults import Fault
from majordomo.providers.wire import ResponseMeta, WireCall, bearer

__all__ = ["AnthropicWire"]

_IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_MAX_IMAGE_BYTES = 3_750_000  # of the file: the wire's limit is 5 MB of base64 (§11)
_MAX_EDGE = 2000  # of an image, in pixels: holds for any number of them (§11)


class AnthropicWire:
    """Anthropic's Messages API.

    Args:
        options: How this endpoint is asked.
    """

    name = WIRE

    def __init__(self, options: AnthropicOptions = AnthropicOptions()) -> None:
        self.options = options

    def describe(self, model: str) -> tuple[Capabilities, OutputMode]:
        """What the model's family takes."""
        structured = family_of(model).structured
        capabilities = Capabilities(
            vision=True,
            tools=True,
            structured_output=structured,
            image_mimes=_IMAGES,
            max_image_bytes=_MAX_IMAGE_BYTES,
            max_image_pixels=_MAX_EDGE,
        )
        return capabilities, OutputMode.NATIVE if structured else OutputMode.INSTRUCTION

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        """The key, in the header the endpoint wants."""
        return bearer(key) if self.options.bearer else (("x-api-key", key),)

    def encode(self, request: Request, target: Target, *, streaming: bool) -> WireCall:
        """See `Wire.encode`."""
        return encode_request(request, target, self.options, streaming=streaming)

    def decode(self, body: Any, meta: ResponseMeta) -> Response:
        """See `Wire.decode`."""
        return decode_response(body, meta)

    def reader(self) -> SSEReader:
        """See `Wire.reader`."""
        return SSEReader()

    def decoder(self) -> MessagesDecoder:
        """See `Wire.decoder`."""
        return MessagesDecoder()

    def refine(self, fault: Fault, status: int) -> Fault:
        """See `Wire.refine`."""
        return refine_fault(fault, status)
