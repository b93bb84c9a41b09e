"""The two protocols of image generation: a model that draws, and a source of such models."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from majordomo.imagegen.request import ImageRequest
from majordomo.imagegen.result import ImageResult
from majordomo.llm.response import Target

__all__ = ["ImageModel", "ImageProvider"]


class ImageModel(Protocol):
    """Something that draws what a text says."""

    @property
    def target(self) -> Target:
        """The target that is asked."""
        ...

    async def generate(self, request: ImageRequest) -> ImageResult:
        """Ask once and wait for the images, which may take minutes.

        Raises:
            APIError: The attempt failed, or the answer holds no image bytes.
            UnsupportedRequest: The target cannot take this request.
        """
        ...


@runtime_checkable
class ImageProvider(Protocol):
    """A source of image models; `isinstance` tells those providers from the others."""

    def image_model(self, model_id: str) -> ImageModel:
        """The image model of that id; ids are not checked before use."""
        ...
