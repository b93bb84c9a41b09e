"""The Gemini API as a wire."""

from __future__ import annotations

from typing import Any

from majordomo.http import SSEReader
from majordomo.llm.model import Capabilities
from majordomo.llm.output import OutputMode
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.providers.faults import Fault
from majordomo.providers.google.content import IMAGES
from majordomo.providers.google.decode import decode_response
from majordomo.providers.google.encode import encode_request
from majordomo.providers.google.errors import refine_fault
from majordomo.providers.google.models import family_of
from majordomo.providers.google.state import WIRE
from majordomo.providers.google.stream import ContentDecoder
from majordomo.providers.wire import ResponseMeta, WireCall

__all__ = ["GoogleWire"]

_MAX_IMAGE_BYTES = 7_000_000  # safe for each of several (§10)
_MAX_EDGE = 3072  # of an image, in pixels (§10)


class GoogleWire:
    """Gemini's `generateContent` and `streamGenerateContent`.

    Args:
        version: Of the API, the first segment of every path. `v1` lacks the newest fields and
            aliases such as `gemini-flash-latest`.
    """

    name = WIRE

    def __init__(self, version: str = "v1beta") -> None:
        self.version = version

    def describe(self, model: str) -> tuple[Capabilities, OutputMode]:
        """What the model's family takes."""
        structured = family_of(model).structured
        capabilities = Capabilities(
            vision=True if structured else None,
            tools=True if structured else None,
            structured_output=structured,
            image_mimes=IMAGES,
            max_image_bytes=_MAX_IMAGE_BYTES,
            max_image_pixels=_MAX_EDGE,
        )
        return capabilities, OutputMode.NATIVE if structured else OutputMode.INSTRUCTION

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        """The key in a header; in the URL it would end up in logs."""
        return (("x-goog-api-key", key),)

    def encode(self, request: Request, target: Target, *, streaming: bool) -> WireCall:
        """See `Wire.encode`."""
        return encode_request(request, target, self.version, streaming=streaming)

    def decode(self, body: Any, meta: ResponseMeta) -> Response:
        """See `Wire.decode`."""
        return decode_response(body, meta)

    def reader(self) -> SSEReader:
        """See `Wire.reader`."""
        return SSEReader()

    def decoder(self) -> ContentDecoder:
        """See `Wire.decoder`."""
        return ContentDecoder()

    def refine(self, fault: Fault, status: int) -> Fault:
        """See `Wire.refine`."""
        return refine_fault(fault, status)
