"""What images a target takes, and why one does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from majordomo.llm import Capabilities
from majordomo.media.header import ImageHeader

__all__ = ["ImageLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """Bounds of one image. None, and an empty set, mean unknown: nothing is forbidden.

    Source: wire/README §7.

    Attributes:
        mimes: Accepted types. A target that names them takes no animations.
        max_edge_px: Longest edge in pixels.
        max_bytes: Size of the file, before base64.
    """

    mimes: frozenset[str] = frozenset()
    max_edge_px: int | None = None
    max_bytes: int | None = None

    @classmethod
    def of(cls, capabilities: Capabilities) -> Self:
        """The limits a target declares."""
        return cls(
            mimes=capabilities.image_mimes,
            max_edge_px=capabilities.max_image_pixels,
            max_bytes=capabilities.max_image_bytes,
        )

    def accepts(self, mime: str) -> bool:
        """Whether images of a type may be sent."""
        return not self.mimes or mime in self.mimes

    def misfit(self, header: ImageHeader, size_bytes: int) -> str:
        """Why an image cannot be sent as it is, in words that go on from "the image"; else empty.

        A size that is not known counts as fitting: `fit_image` looks closer.
        """
        if not self.accepts(header.mime):
            return f"is of type {header.mime}, accepted are {', '.join(sorted(self.mimes))}"
        if header.animated and self.mimes:
            return f"is an animated {header.mime}, accepted are still ones"
        edge = max(header.size or (0,))
        if self.max_edge_px is not None and edge > self.max_edge_px:
            width, height = header.size or (0, 0)
            return f"has {width}x{height} pixels, at most {self.max_edge_px} a side are accepted"
        if self.max_bytes is not None and size_bytes > self.max_bytes:
            return f"has {size_bytes} bytes, at most {self.max_bytes} are accepted"
        return ""
