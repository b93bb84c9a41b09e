"""Tell a file's type from its first bytes: names and declarations lie, servers check."""

from __future__ import annotations

__all__ = ["sniff_mime"]

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
)
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
}
_HEIF_BRANDS = (b"mif1", b"msf1")


def sniff_mime(data: bytes) -> str | None:
    """Tell a file's type from its first bytes; None when they match nothing known.

    Known are PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF, HEIC, HEIF and PDF. That the rest of the file
    is what its beginning promises is not checked.

    Source: wire/README §7 (the declared type must match the bytes).
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return _sniff_box_format(data)
    return next((mime for magic, mime in _MAGIC if data.startswith(magic)), None)


def _sniff_box_format(data: bytes) -> str | None:
    """The type by the brands of the file: its major one, else one it is compatible with."""
    major = data[8:12]
    if major not in _HEIF_BRANDS:
        return _BRANDS.get(major)
    end = min(int.from_bytes(data[:4], "big"), len(data), 256)
    brands = [data[at : at + 4] for at in range(16, end, 4)]
    return "image/avif" if b"avif" in brands or b"avis" in brands else "image/heif"
