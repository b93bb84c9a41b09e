"""Bytes to text: byte order mark, header, `meta`, then the likeliest guess."""

from __future__ import annotations

import re

__all__ = ["decoded"]

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE)
META_BYTES = 4096

# Only these: other codecs of Python are no charsets, or cost the square of the length. Names that
# stand for a smaller set are read as the larger one, as browsers do. Source: the Encoding standard.
_CODECS = {
    "utf8": "utf-8",
    "utf16": "utf-16-le",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "ascii": "cp1252",
    "usascii": "cp1252",
    "latin1": "cp1252",
    "iso88591": "cp1252",
    "iso88599": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "windows31j": "cp932",
    "eucjp": "euc_jp",
    "iso2022jp": "iso2022_jp",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    "macintosh": "mac-roman",
    **{f"windows125{n}": f"cp125{n}" for n in range(9)},
    **{f"cp125{n}": f"cp125{n}" for n in range(9)},
    **{f"iso8859{n}": f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}


def decoded(body: bytes, content_type: str, *, markup: bool = False) -> str:
    """The text of an answer; what cannot be read becomes U+FFFD.

    Args:
        body: The bytes.
        content_type: The header.
        markup: Whether a `meta` element may name the charset.
    """
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace")
    named = _PARAMETER.search(content_type)
    codec = _codec(named[1]) if named else ""
    if not codec and markup and (meta := _META.search(body[:META_BYTES])):
        codec = _codec(meta[1].decode("ascii", "replace"))
        codec = "utf-8" if codec.startswith("utf-16") else codec  # it was read as ASCII just now
    if codec:
        return body.decode(codec, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"
        return body.decode("utf-8" if cut else "cp1252", "replace")


def _codec(label: str) -> str:
    return _CODECS.get(re.sub(r"[^a-z0-9]", "", label.lower()), "")
