"""Decoding and writing pictures with pillow: the one module that imports it (extra `media`)."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from majordomo.errors import UnsupportedRequest
from majordomo.media.exif import orientation
from majordomo.media.fit import MAX_PIXELS

__all__ = ["PillowPicture", "open_picture"]

# Only the decoder of the type the bytes claim: a file cannot choose an obscure one.
_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FEW_COLOURS = 64
_OPAQUE = 255


class PillowPicture:
    """See `majordomo.media.fit.Picture`.

    Args:
        image: Decoded and upright, of mode L, RGB or RGBA, with an empty `info`.
        flat: It has few colours.
    """

    def __init__(self, image: Image.Image, *, flat: bool) -> None:
        self._image = image
        self.flat = flat

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._image.size

    @property
    def alpha(self) -> bool:
        """Some of it is transparent."""
        return self._image.mode == "RGBA"

    def within(self, edge_px: int) -> PillowPicture:
        """The picture with no edge longer than that, each pixel the mean of those it replaces."""
        width, height = self.size
        longest = max(width, height)
        if longest <= edge_px:
            return self
        size = (max(1, width * edge_px // longest), max(1, height * edge_px // longest))
        smaller = self._image.resize(size, Image.Resampling.BOX)  # pyright: ignore[reportUnknownMemberType] - numpy
        return PillowPicture(smaller, flat=self.flat)

    def write(self, mime: str, quality: int | None) -> bytes:
        """The picture as a file, without metadata.

        Raises:
            UnsupportedRequest: This build of pillow cannot write the type.
        """
        image = self._image
        if mime == "image/jpeg" and self.alpha:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image).convert("RGB")
        options = {} if quality is None else {"quality": quality}
        file = BytesIO()
        try:
            image.save(file, _FORMATS[mime], **options)
        except Exception as error:
            raise UnsupportedRequest(f"the image could not be written as {mime}") from error
        return file.getvalue()


def open_picture(data: bytes, mime: str, *, max_edge_px: int | None) -> PillowPicture:
    """See `majordomo.media.fit.OpenPicture`."""
    try:
        with Image.open(BytesIO(data), formats=[_FORMATS[mime]]) as source:
            _check_pixels(source.size)
            if max_edge_px is not None:
                source.draft(None, (max_edge_px, max_edge_px))  # a JPEG is read at 1/2, 1/4, 1/8
            source.load()
            return _upright(source)
    except UnsupportedRequest:
        raise
    except Exception as error:  # decoders raise anything on hostile data
        raise _damaged(mime, error) from error


def _check_pixels(size: tuple[int, int]) -> None:
    pixels = size[0] * size[1]
    if pixels > MAX_PIXELS:
        raise UnsupportedRequest(
            f"the image has {pixels} pixels; more than {MAX_PIXELS} are never decoded"
        )


def _damaged(mime: str, error: Exception) -> UnsupportedRequest:
    return UnsupportedRequest(
        f"the image is damaged or of an unsupported kind: its {mime} data cannot be decoded "
        f"({type(error).__name__})"
    )


def _upright(source: Image.Image) -> PillowPicture:
    """The picture turned as its EXIF block says; pillow itself has turned a TIFF by now."""
    image = _plain(source)
    flat = source.mode in ("1", "P") or image.getcolors(_FEW_COLOURS) is not None
    turn = _TURNS.get(orientation(_exif(source)))
    if turn is not None:
        image = image.transpose(turn)
    image = image.copy() if image is source else image
    image.info = {}  # some writers take profiles and comments from here
    return PillowPicture(image, flat=flat)


def _exif(source: Image.Image) -> bytes:
    block: object = source.info.get("exif")
    return block if isinstance(block, bytes) else b""


def _plain(source: Image.Image) -> Image.Image:
    """The picture in the one of three modes that loses nothing a model sees."""
    if source.mode[0] == "I":  # 16 or 32 bits of grey
        return _eight_bits(source)
    if source.has_transparency_data:
        image = source.convert("RGBA")
        lowest = image.getchannel("A").getextrema()[0]
        return image.convert("RGB") if lowest == _OPAQUE else image
    if source.mode in ("L", "RGB"):
        return source
    return source.convert("L" if source.mode == "1" else "RGB")


def _eight_bits(source: Image.Image) -> Image.Image:
    """Grey of up to 16 bits in 8: converted as it is, all but the darkest would be white."""
    wide = source.convert("I")
    return wide.point(lambda value: value / 256).convert("L")  # pyright: ignore[reportUnknownMemberType] - numpy
