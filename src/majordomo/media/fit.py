"""One image made to fit what a target takes: left alone, corrected, converted or refused."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from majordomo.errors import MissingExtra, UnsupportedRequest
from majordomo.llm import ImagePart
from majordomo.media.header import ImageHeader, read_header
from majordomo.media.ladder import forms
from majordomo.media.limits import ImageLimits

__all__ = ["MAX_PIXELS", "OpenPicture", "Picture", "fit_image"]

MAX_PIXELS = 89_000_000
"""Largest image that is decoded: some 350 MB of memory. Pillow itself warns of more."""

# Nothing here decodes these: they are sent as they are, or not at all.
_PASSED_THROUGH = frozenset({"image/heic", "image/heif"})
# Those whose readable header always tells their size.
_SIZED = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
_RECOGNISED = _SIZED | _PASSED_THROUGH | {"image/avif", "image/tiff"}

_CODEC = "majordomo.media.pillow_codec"
_LEAST_EDGE_PX = 64  # a smaller picture says nothing any more: better to refuse it
_SHRINK = 0.7  # halves the area from one round to the next


class Picture(Protocol):
    """A decoded image, upright, still, without its metadata.

    Attributes:
        size: Width and height in pixels.
        flat: It has few colours: lines, text, a diagram.
        alpha: Some of it is transparent.
    """

    @property
    def size(self) -> tuple[int, int]: ...  # noqa: D102 - see Attributes

    @property
    def flat(self) -> bool: ...  # noqa: D102 - see Attributes

    @property
    def alpha(self) -> bool: ...  # noqa: D102 - see Attributes

    def within(self, edge_px: int) -> Picture:
        """The picture with no edge longer than that; itself when it is small enough."""
        ...

    def write(self, mime: str, quality: int | None) -> bytes:
        """The picture as a file; what is transparent becomes white where the type has none."""
        ...


class OpenPicture(Protocol):
    """Decodes a file."""

    def __call__(self, data: bytes, mime: str, *, max_edge_px: int | None) -> Picture:
        """The picture, which may be made smaller while it is read, but not below `max_edge_px`.

        Raises:
            UnsupportedRequest: The data is damaged, or has more than `MAX_PIXELS`.
        """
        ...


def fit_image(image: ImagePart, limits: ImageLimits) -> ImagePart:
    """The image as a target with these limits takes it; itself when that is how it is.

    A declared type that is not the bytes' is corrected. An image that does not fit is turned
    upright by its EXIF orientation, stripped of all metadata, reduced and written anew; of an
    animation only the first frame is kept, as PNG where that is taken. May compute for seconds:
    call it in a worker thread.

    Raises:
        UnsupportedRequest: The image is damaged, too large to be decoded safely, of an unknown
            type, or cannot be made to fit; or converting it needs pillow, which is not installed:
            `__cause__` is then a `MissingExtra`.
    """
    header = read_header(image.data)
    if header is None:
        return _unrecognised(image, limits)
    if not header.mime.startswith("image/"):
        raise UnsupportedRequest(f"the image is a file of type {header.mime}; send it as such")
    if image.mime != header.mime:
        image = ImagePart(data=image.data, mime=header.mime)
    misfit = limits.misfit(header, len(image.data)) or _unsized(header, limits)
    return _converted(image, header, limits, misfit) if misfit else image


def _unrecognised(image: ImagePart, limits: ImageLimits) -> ImagePart:
    """A type not known here may be known there, if it is not one whose bytes we would know."""
    if image.mime in _RECOGNISED or not limits.accepts(image.mime):
        raise UnsupportedRequest(
            f"the image is declared as {image.mime}, but its bytes begin like no known image"
        )
    return image


def _unsized(header: ImageHeader, limits: ImageLimits) -> str:
    if header.size is not None or limits.max_edge_px is None or header.mime in _PASSED_THROUGH:
        return ""
    return f"does not tell its size, at most {limits.max_edge_px} pixels a side are accepted"


def _converted(
    image: ImagePart, header: ImageHeader, limits: ImageLimits, misfit: str
) -> ImagePart:
    if header.mime in _PASSED_THROUGH:
        raise UnsupportedRequest(
            f"the image {misfit}; {header.mime} is not converted here, send JPEG or PNG"
        )
    if header.size is None and header.mime in _SIZED:
        raise UnsupportedRequest(f"the image is damaged: its {header.mime} header is broken")
    if header.pixels > MAX_PIXELS:
        raise UnsupportedRequest(
            f"the image has {header.pixels} pixels; more than {MAX_PIXELS} are never decoded"
        )
    open_picture = _load_codec(misfit)
    picture = open_picture(image.data, header.mime, max_edge_px=limits.max_edge_px)
    source = "image/png" if header.animated else header.mime
    return _written(picture, source, limits, misfit)


def _load_codec(misfit: str) -> OpenPicture:
    try:
        codec = import_module(_CODEC)
    except ImportError as error:
        missing = MissingExtra(f"the image {misfit}; converting it", extra="media")
        missing.__cause__ = error
        raise UnsupportedRequest(str(missing)) from missing
    return cast("OpenPicture", codec.open_picture)


def _written(picture: Picture, source: str, limits: ImageLimits, misfit: str) -> ImagePart:
    """The first form that fits the byte budget, at the largest size at which one does."""
    tried = tuple(forms(limits, source, flat=picture.flat, alpha=picture.alpha))
    if not tried:
        raise UnsupportedRequest(f"the image {misfit}; no type that could be written is accepted")
    edge = max(picture.size)
    if limits.max_edge_px is not None:
        edge = min(edge, limits.max_edge_px)
    while True:
        smaller = picture.within(edge)
        for form in tried:
            data = smaller.write(form.mime, form.quality)
            if limits.max_bytes is None or len(data) <= limits.max_bytes:
                return ImagePart(data=data, mime=form.mime)
        edge = int(edge * _SHRINK)
        if edge < _LEAST_EDGE_PX:
            raise UnsupportedRequest(f"the image {misfit}; it cannot be made that small")
