"""The native Ollama dialect as a wire."""

from __future__ import annotations

from typing import Any

from majordomo.http import NDJSONReader
from majordomo.llm.model import Capabilities
from majordomo.llm.output import OutputMode
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.providers.faults import Fault
from majordomo.providers.ollama.decode import decode_response
from majordomo.providers.ollama.encode import encode_request
from majordomo.providers.ollama.errors import refine_fault
from majordomo.providers.ollama.models import runs_in_cloud
from majordomo.providers.ollama.options import OllamaOptions
from majordomo.providers.ollama.stream import ChatDecoder
from majordomo.providers.ollama.thinking import WIRE
from majordomo.providers.wire import ResponseMeta, WireCall, bearer

__all__ = ["OllamaWire"]

_IMAGES = frozenset({"image/png", "image/jpeg"})  # what older servers decode too (§9)
_MAX_EDGE = 2048  # of an image, in pixels: models scale larger ones down (§9)


class OllamaWire:
    """Ollama's `/api/chat`: local, in the cloud, or a server that speaks it.

    Args:
        options: How this endpoint is asked.
    """

    name = WIRE

    def __init__(self, options: OllamaOptions = OllamaOptions()) -> None:
        self.options = options

    def describe(self, model: str) -> tuple[Capabilities, OutputMode]:
        """What the endpoint takes; what a model can do, only its server knows.

        An output schema goes into `format` and, because some servers ignore that, into words.
        """
        constrained = False if runs_in_cloud(model) else self.options.constrained
        capabilities = Capabilities(
            structured_output=constrained,
            image_mimes=_IMAGES,
            max_image_pixels=_MAX_EDGE,
            context_tokens=self.options.num_ctx,
        )
        return capabilities, OutputMode.JSON_OBJECT

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        """A bearer token."""
        return bearer(key)

    def encode(self, request: Request, target: Target, *, streaming: bool) -> WireCall:
        """See `Wire.encode`."""
        return encode_request(request, target, self.options, streaming=streaming)

    def decode(self, body: Any, meta: ResponseMeta) -> Response:
        """See `Wire.decode`."""
        return decode_response(body, meta)

    def reader(self) -> NDJSONReader:
        """See `Wire.reader`."""
        return NDJSONReader()

    def decoder(self) -> ChatDecoder:
        """See `Wire.decoder`."""
        return ChatDecoder()

    def refine(self, fault: Fault, status: int) -> Fault:
        """See `Wire.refine`."""
        return refine_fault(fault, status)
