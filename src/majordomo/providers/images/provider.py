"""A provider that makes images beside its chat, over the same endpoint, key and transport."""

from __future__ import annotations

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.http import Transport
from majordomo.imagegen import ImageRequest, ImageResult
from majordomo.llm.response import Target
from majordomo.providers.client import DEFAULT_TRANSPORT, WireProvider
from majordomo.providers.images.decode import decode_image_result
from majordomo.providers.images.dialect import ImageDialect
from majordomo.providers.images.encode import encode_image_request
from majordomo.providers.wire import Endpoint, Wire

__all__ = ["MAX_IMAGE_BODY_BYTES", "HTTPImageModel", "ImagingProvider"]

MAX_IMAGE_BODY_BYTES = 128 * 1024 * 1024
"""Cap of an answer: ten large images in base64 pass that of a chat answer."""

OPENAI_IMAGES = ImageDialect()


class ImagingProvider(WireProvider):
    """A provider on HTTP that also makes images.

    Args:
        wire: How it chats; its key header and error codes are those of images too.
        endpoint: Where it is.
        images: What its image server deviates in.
        transport: What carries the bytes.
        clock: Limits calls.
    """

    def __init__(
        self,
        wire: Wire,
        endpoint: Endpoint,
        *,
        images: ImageDialect = OPENAI_IMAGES,
        transport: Transport = DEFAULT_TRANSPORT,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__(wire, endpoint, transport=transport, clock=clock)
        self.images = images

    def image_model(self, model_id: str) -> HTTPImageModel:
        """The image model of that id; not checked before use."""
        return HTTPImageModel(self, model_id)


class HTTPImageModel:
    """One target that draws. Makes one attempt per call."""

    def __init__(self, provider: ImagingProvider, model_id: str) -> None:
        self._target = Target(provider.name, model_id)
        self._dialect = provider.images
        self._exchange = provider.exchange(provider.wire, self._target)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._target}>"

    @property
    def target(self) -> Target:
        """The target."""
        return self._target

    async def generate(self, request: ImageRequest) -> ImageResult:
        """Ask once; see `majordomo.imagegen.ImageModel.generate`."""
        self._exchange.check_configured()
        return await self._exchange.call(
            "POST",
            self._dialect.path,
            encode_image_request(request, self._target, self._dialect),
            read=decode_image_result,
            max_bytes=MAX_IMAGE_BODY_BYTES,
            timeout_s=request.timeout_s,
            keep_raw=request.keep_raw,
        )
