"""The usual forms of secrets, found fast: in texts too long for `Scrubber`, and in bytes.

A `Scrubber` reads a text in a dozen ways and takes seconds for a megabyte. A service that repeats a
credential by mistake has it as it was sent, or encoded once.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from urllib.parse import quote, quote_plus

from pydantic_core import to_json

__all__ = ["forms", "masked", "without"]

MIN_CHARS = 8
"""A shorter value may be in megabytes by chance."""


def forms(value: str) -> Sequence[str]:
    """A secret as it is, in JSON, in an address, in hexadecimal and in Base64; longest first.

    >>> "c2VjcmV0LTEyM" in forms("secret-123")
    True
    """
    data = value.encode("utf-8", "replace")
    found = {value, to_json(value).decode()[1:-1], quote(value, safe=""), quote_plus(value)}
    found |= {data.hex(), data.hex().upper()}
    for before in range(3):  # where it begins within a group of three bytes
        encoded = base64.b64encode(bytes(before) + data).decode()
        known = encoded[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]
        found |= {known, known.replace("+", "-").replace("/", "_")}
    return sorted((form for form in found if len(form) >= MIN_CHARS), key=len, reverse=True)


def without(text: str, secrets: Iterable[tuple[str, str]]) -> str:
    """A text with names in place of secrets, of which there are pairs of name and value."""
    for name, value in secrets:
        for form in forms(value):
            text = text.replace(form, f"[secret {name}]")
    return text


def masked(data: bytes, secrets: Iterable[tuple[str, str]]) -> bytes:
    """Bytes with as many stars in place of secrets: what stands where stays so."""
    for _, value in secrets:
        for form in forms(value):
            found = form.encode("utf-8", "replace")
            data = data.replace(found, b"*" * len(found))
    return data
