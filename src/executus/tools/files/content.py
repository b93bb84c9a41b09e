"""The text of a file: bounded, decoded, or told to be binary."""

from __future__ import annotations

import codecs
import os

from majordomo.llm import sniff_mime

__all__ = ["Binary", "decoded", "is_binary", "read_bytes"]

_CHUNK = 1024 * 1024
_SNIFFED = 8192
# Longest first: UTF-32's mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Binary(Exception):
    """It is no text; the message says what it seems to be."""


def read_bytes(fd: int, size: int, max_bytes: int) -> bytes:
    """The first bytes of an open file, no more than it had when it was opened.

    A file of the kernel's says that it has none, and is read as empty: reading it might never end.
    """
    left = min(size, max_bytes)
    chunks: list[bytes] = []
    while left > 0:
        try:
            chunk = os.read(fd, min(left, _CHUNK))
        except BlockingIOError:
            break
        if not chunk:
            break
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def is_binary(data: bytes) -> bool:
    """Whether it is no text, judged by its beginning."""
    return b"\0" in data[:_SNIFFED] and _mark(data) is None


def decoded(data: bytes, *, cut: bool = False) -> tuple[str, str]:
    """A text, and a note about its encoding; empty for UTF-8.

    Args:
        data: The file's bytes.
        cut: Whether there are more, so that the last character may not be whole.

    Raises:
        Binary: It is none.
    """
    if is_binary(data):
        raise Binary(sniff_mime(data) or "unknown type")
    mark = _mark(data)
    if mark is not None:
        start, encoding = mark
        note = "" if encoding == "utf-8" else f"decoded from {encoding}"
        return data[len(start) :].decode(encoding, "replace"), note
    try:
        return data.decode(), ""
    except UnicodeDecodeError as error:
        if cut and error.reason == "unexpected end of data":
            return data[: error.start].decode(), ""  # cut within a character
        return data.decode("cp1252", "replace"), "not UTF-8, shown as Windows-1252"


def _mark(data: bytes) -> tuple[bytes, str] | None:
    return next((mark for mark in _MARKS if data.startswith(mark[0])), None)
