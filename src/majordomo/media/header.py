"""What an image file says of itself before it is decoded: type, size in pixels, animation.

Reads bytes only, so it needs no imaging library and no bomb can go off. Sources: PNG (RFC 2083
§4.1.1), JPEG (ITU T.81 §B.2.2), GIF89a, WebP container (RFC 9649), BMP headers, HEIF (ISO/IEC
23008-12, `ispe`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from majordomo.llm import sniff_mime

__all__ = ["ImageHeader", "read_header"]

Size: TypeAlias = tuple[int, int]

_BOX_SEARCH_BYTES = 1024 * 1024
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_END_MARKERS = frozenset({0xD9, 0xDA})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What the beginning of an image file says.

    Attributes:
        mime: Type by its first bytes.
        size: Width and height in pixels as stored, each at least 1, before any EXIF rotation;
            None where the header is cut off or wrong, and always for TIFF.
        animated: It holds more than one frame (GIF, WebP, AVIF). An animated PNG counts as still:
            whoever does not know of animation sees its first picture.
    """

    mime: str
    size: Size | None
    animated: bool = False

    @property
    def pixels(self) -> int:
        """Width times height; 0 when the size is not known."""
        return self.size[0] * self.size[1] if self.size else 0


def read_header(data: bytes) -> ImageHeader | None:
    """Read an image's header; None when the bytes begin like no known file.

    Bytes of a PDF give a header of that type, so that an error can name it.
    """
    mime = sniff_mime(data)
    if mime is None:
        return None
    read = _SIZE_READERS.get(mime)
    size = None
    if read is not None:
        try:
            size = read(data)
        except (IndexError, struct.error):
            size = None  # the header is cut off
    if size is not None and min(size) < 1:
        size = None
    return ImageHeader(mime=mime, size=size, animated=_is_animated(mime, data))


def _is_animated(mime: str, data: bytes) -> bool:
    match mime:
        case "image/gif":
            return _gif_frames(data, enough=2) > 1
        case "image/webp":
            return data[12:16] == b"VP8X" and bool(data[20:21]) and bool(data[20] & 0x02)
        case "image/avif":
            return data[8:12] == b"avis"
        case _:
            return False


def _png_size(data: bytes) -> Size | None:
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif_size(data: bytes) -> Size:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp_size(data: bytes) -> Size:
    if struct.unpack_from("<I", data, 14) == (12,):
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return width, abs(height)  # a negative height means rows from the top


def _jpeg_size(data: bytes) -> Size | None:
    at = 2
    while True:
        if data[at] != 0xFF:
            return None
        while data[at] == 0xFF:  # any number of fill bytes may precede a marker
            at += 1
        marker = data[at]
        at += 1
        if marker in _FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return width, height
        if marker in _END_MARKERS:
            return None
        if marker not in _STANDALONE_MARKERS:
            at += struct.unpack_from(">H", data, at)[0]


def _webp_size(data: bytes) -> Size | None:
    match data[12:16]:
        case b"VP8X":
            width, height = data[24:27], data[27:30]
            if len(height) < 3:
                return None
            return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return None


def _box_size(data: bytes) -> Size | None:
    """The largest of the sizes named: a file also names those of its tiles and its thumbnail."""
    found: list[Size] = []
    at = data.find(b"ispe", 0, _BOX_SEARCH_BYTES)
    while at >= 0:
        width, height = struct.unpack_from(">II", data, at + 8)
        found.append((width, height))
        at = data.find(b"ispe", at + 4, _BOX_SEARCH_BYTES)
    return max(found, key=lambda size: size[0] * size[1], default=None)


_SIZE_READERS: dict[str, Callable[[bytes], Size | None]] = {
    "image/png": _png_size,
    "image/jpeg": _jpeg_size,
    "image/gif": _gif_size,
    "image/webp": _webp_size,
    "image/bmp": _bmp_size,
    "image/avif": _box_size,
    "image/heic": _box_size,
    "image/heif": _box_size,
}


def _gif_frames(data: bytes, *, enough: int) -> int:
    """How many frames a GIF has, counted up to `enough`; of a broken one those before the break."""
    frames = 0
    try:
        at = 13 + _gif_palette_bytes(data[10])
        while frames < enough:
            introducer = data[at]
            if introducer == 0x21:  # an extension
                at = _after_blocks(data, at + 2)
            elif introducer == 0x2C:  # a picture
                frames += 1
                at = _after_blocks(data, at + 11 + _gif_palette_bytes(data[at + 9]))
            else:
                break
    except IndexError:
        pass
    return frames


def _gif_palette_bytes(flags: int) -> int:
    return 3 << (flags & 0x07) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1
