"""The orientation an EXIF block states, read without an imaging library.

A camera stores pixels as its sensor lies and notes here how they are to be turned. Source: EXIF
2.32 §4.6.4, tag 0x0112; the block is a TIFF file.
"""

from __future__ import annotations

import struct

__all__ = ["UPRIGHT", "orientation"]

UPRIGHT = 1
_ORIENTATION_TAG = 0x0112
_SHORT = 3
_ENTRY_BYTES = 12


def orientation(block: bytes) -> int:
    """How the pixels are to be turned: 1 (not at all) to 8.

    Args:
        block: An EXIF block, with or without its `Exif` mark. One that is broken or states nothing
            counts as upright: a picture is worth more than its notes.
    """
    block = block.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return UPRIGHT
    try:
        found = _read_short(block, order)
    except struct.error:
        return UPRIGHT
    return found if 1 <= found <= 8 else UPRIGHT


def _read_short(block: bytes, order: str) -> int:
    (directory,) = struct.unpack_from(f"{order}I", block, 4)
    (entries,) = struct.unpack_from(f"{order}H", block, directory)
    for index in range(entries):
        at = directory + 2 + index * _ENTRY_BYTES
        tag, kind = struct.unpack_from(f"{order}HH", block, at)
        if tag == _ORIENTATION_TAG and kind == _SHORT:
            (value,) = struct.unpack_from(f"{order}H", block, at + 8)
            return int(value)
    return UPRIGHT
