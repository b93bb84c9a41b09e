"""Takes what looks like a secret out of records before any store or sink sees them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
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
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,20000}(?:-----END [A-Z ]{0,40}-----)?",
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
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
)
_WHOLE = re.compile("|".join(_SHAPES))
_LABELLED = (
    re.compile(r"(?i)((?:set-)?cookie:)([ \t]*)[^\r\n\"']+"),
    re.compile(r"(?i)(authorization\s*[:=]\s*[a-z-]{2,20})([ \t]+)[^\s\"',;]{4,}"),
    re.compile(rf"(?i)((?<![\w-])--[\w-]{{0,40}}{_NAME})(\s+)[^\s\"'-][^\s\"']*"),
    re.compile(r"(?i)([?&](?:key|sig|code|[\w-]{0,40}signature))(=)[^\s&#\"']+"),
    re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://)()[^\s/@:]{16,500}(?=@)"),
    re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(rf"(?i)({_NAME}s?\\?[\"']?\s*[:=]\s*)(\\?[\"'])(?:(?!\2)[^\r\n]){{1,4000}}"),
    re.compile(rf"(?i)({_NAME}s?)(\s*[:=]\s*)(?!bearer |basic |\[redacted)[^\s\"'\\,;&]{{4,}}"),
    re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,200})(:)[^\s/@]{1,500}(?=@)"),
)


class Redactor(Protocol):
    """Takes secrets out of a text. Must answer at once."""

    def redact(self, text: str) -> str:
        """The text without secrets."""
        ...


class _Unredacted:
    def redact(self, text: str) -> str:
        return text


UNREDACTED: Redactor = _Unredacted()
_MEMBERS_ONLY: Redactor = _Unredacted()


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


def redacted(value: Any, redactor: Redactor) -> Any:
    """A JSON value with every text redacted, and everything under a name like `password`."""
    if isinstance(value, str):
        return redactor.redact(_json_text(value, redactor))
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        return {key: _member(key, member, redactor) for key, member in members.items()}
    if isinstance(value, Sequence):
        items = [redacted(item, redactor) for item in cast("Sequence[Any]", value)]
        return tuple(items) if isinstance(value, tuple) else items
    return value


def _json_text(text: str, redactor: Redactor) -> str:
    """A text that is JSON, such as a tool's arguments, with the members of such names taken out."""
    if redactor is UNREDACTED or not text.startswith(("{", "[")) or not _MENTIONED.search(text):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    clean = redacted(found, _MEMBERS_ONLY)
    return text if clean == found else json.dumps(clean, ensure_ascii=False)


def _member(key: str, value: Any, redactor: Redactor) -> Any:
    named = redactor is not UNREDACTED and _SENSITIVE.search(str(key)) and value is not None
    if named and not (isinstance(value, int) and _COUNTED.search(str(key))):
        return REDACTED
    return redacted(value, redactor)
