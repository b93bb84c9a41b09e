"""Takes what looks like a secret out of records before any store or sink sees them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

__all__ = ["REDACTED", "UNREDACTED", "Redactor", "SecretPatterns", "redacted"]

REDACTED = "[redacted]"

_NAME = (
    r"(?:pass(?:word|wd|phrase)|pwd(?!=/)|secret|token|credentials?|authorization|cookie"
    r"|(?:api|access|account|private|signing|subscription)[_-]?key)"
)
_SENSITIVE = re.compile(rf"(?:^|[_\-. ]){_NAME}s?$", re.IGNORECASE)
_COUNTED = re.compile(r"tokens$", re.IGNORECASE)
_MENTIONED = re.compile(_NAME, re.IGNORECASE)
_SHAPES = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:(?!-----)[\s\S])*(?:-----END [A-Z ]{0,40}-----)?",
    r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}",
    r"\bgh[pousr]_[A-Za-z0-9]{16,}",
    r"\bgithub_pat_\w{20,}",
    r"\bglpat-[\w-]{16,}",
    r"\bxox[abeoprs]-[\w-]{10,}",
    r"\bA(?:KIA|SIA)[A-Z0-9]{16}\b",
    r"\bAIza[\w-]{30,}",
    r"\b(?:hf|gsk|npm|glsa|shpat|dop_v1|pypi)[_-][A-Za-z0-9_-]{20,}",
    r"\b\d{6,12}:[A-Za-z0-9_-]{30,}",
    r"(?<=hooks\.slack\.com/services/)[\w/-]+",
    r"(?<=/api/webhooks/)\d+/[\w-]+",
    r"\bya29\.[\w-]{16,}",
    # Only where a word begins, or a text of many beginnings would be read through from each.
    r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
)
_WHOLE = re.compile("|".join(_SHAPES))
_LONGEST_JSON = 65_536  # longer ones are looked at as any text is
_LABELLED = (
    re.compile(r"(?i)(authorization\s*=\s*[a-z-]{2,20})([ \t]+)[^\s\"',;]{4,}"),
    re.compile(rf"(?i)((?<![\w-])--[\w-]{{0,40}}{_NAME})(\s+)[^\s\"'-][^\s\"']*"),
    re.compile(r"(?i)([?&](?:key|sig|code|[\w-]{0,40}signature))(=)[^\s&#\"']+"),
    re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(rf"(?i)({_NAME}s?[\"']?\s*[:=]\s*)([\"'])(?:\\.|(?!\2)[^\\\r\n])+"),
    re.compile(  # the same in a JSON text within another
        rf"(?i)({_NAME}s?\\[\"']\s*[:=]\s*)(\\[\"'])"
        r"(?:\\\\(?:\\.|[^\\])|\\(?![\"'\\])|[^\\\"\r\n])+"
    ),
    re.compile(rf"(?i)({_NAME}s?\\?[\"']\s*:\s*)([\[{{])[^\]}}]+"),
    re.compile(
        r"(?i)(authorization|cookie)(:\s*)(?!\s*(?:bearer |basic |\[redacted))"
        r"(?:=\"[^\"\r\n]*\"|[^\r\n\"'])+"
    ),
    re.compile(rf"(?i)({_NAME}s?)(\s*[:=]\s*)(?!bearer |basic |\[redacted)[^\s\"'\\,;&]{{4,}}"),
    re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,200})(:)[^\s/?#]{1,500}(?=@)"),
    re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{1,20}:)(//)[^\s/:@?#]{16,500}(?=@)"),
)
"""What follows the first two groups is taken out. Each reads a text once, whatever stands in it."""


class Redactor(Protocol):
    """Takes secrets out of a text. Must answer at once."""

    def redact(self, text: str) -> str:
        """The text without secrets."""
        ...


class _Unredacted:
    def redact(self, text: str) -> str:
        return text


UNREDACTED: Redactor = _Unredacted()


class SecretPatterns:
    """Takes out keys of known shape, tokens after `Bearer`, and what is named like a secret.

    It knows secrets by what they look like, so it finds some that are none and misses others; what
    a host knows to be secret belongs into the registry's secrets, which keeps it out of texts.

    Args:
        also: Further regular expressions; what one matches is taken out whole.

    Example:
        >>> SecretPatterns().redact("curl -H 'Authorization: Bearer abcdefgh12345678' x")
        "curl -H 'Authorization: Bearer [redacted]' x"
    """

    def __init__(self, also: Iterable[str] = ()) -> None:
        self._also = [re.compile(pattern) for pattern in also]

    def redact(self, text: str) -> str:
        """The text with `[redacted]` in the places of secrets."""
        for pattern in (*self._also, _WHOLE):
            text = pattern.sub(REDACTED, text)
        for pattern in _LABELLED:
            text = pattern.sub(rf"\1\2{REDACTED}", text)
        return text


def redacted(value: Any, redact: Callable[[str], str], *, named: bool = True) -> Any:
    """A JSON value with every text redacted, names of members included.

    Args:
        value: A text, or what texts are within.
        redact: Takes secrets out of one text.
        named: Whether everything under a name like `password` is taken out, too.
    """
    if isinstance(value, str):
        return redact(_without_members(value) if named else value)
    if isinstance(value, Mapping):
        return {
            redact(str(key)): _member(str(key), member, redact, named=named)
            for key, member in cast("Mapping[str, Any]", value).items()
        }
    if isinstance(value, Sequence):
        items = [redacted(one, redact, named=named) for one in cast("Sequence[Any]", value)]
        return tuple(items) if isinstance(value, tuple) else items
    return value


def _member(name: str, value: Any, redact: Callable[[str], str], *, named: bool) -> Any:
    counted = isinstance(value, int) and _COUNTED.search(name)  # max_tokens is no secret
    if named and value is not None and _SENSITIVE.search(name) and not counted:
        return REDACTED
    return redacted(value, redact, named=named)


def _without_members(text: str) -> str:
    """A text that is JSON, such as a tool's arguments, with the members of such names taken out."""
    if not text.startswith(("{", "[")) or len(text) > _LONGEST_JSON or not _MENTIONED.search(text):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    clean = redacted(found, str)
    return text if clean == found else json.dumps(clean, ensure_ascii=False)
