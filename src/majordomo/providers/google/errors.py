"""What Google's error statuses, details and wordings mean (wire/google §9)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault

__all__ = ["refine_fault"]

_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
# A bad key is a 400, not a 401.
_BAD_KEY = re.compile(r"\bAPI key (?:not valid|expired|not found)|API_KEY_INVALID", re.I)
# Also 429, but waiting helps only after midnight, or never.
_NO_QUOTA = re.compile(r"\blimit: 0(?![\d.])", re.I)
_DAILY = re.compile(r"per ?day", re.I)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")

# Matched loosely, on a key phrase: wordings drift. The first match wins.
_REFUSED = (
    (_BAD_KEY, ErrorKind.AUTH),
    (re.compile(r"thought.?signature", re.I), ErrorKind.HISTORY_REJECTED),
    (re.compile(r"input token count.{0,40}exceeds", re.I), ErrorKind.CONTEXT_OVERFLOW),
    (re.compile(r"too many states", re.I), ErrorKind.UNSUPPORTED),
    (re.compile(r"response mime type.{0,40}is unsupported", re.I), ErrorKind.UNSUPPORTED),
    (re.compile(r"unsupported MIME type", re.I), ErrorKind.UNSUPPORTED),
)


def refine_fault(fault: Fault, status: int) -> Fault:
    """Add a status to an error that came in a 200 answer, and what details and words say.

    The code becomes Google's own word: the reason of an `ErrorInfo`, or else the status' name.
    Refining twice changes nothing more.

    Args:
        fault: The error as found; its type is the status' name.
        status: Its HTTP status; 0 when the answer's was good.
    """
    if not status and fault.status is None:
        fault = replace(fault, status=_STATUS.get(fault.type or ""))
    status = status or fault.status or 0
    reason = next(_texts(fault.details, "reason"), "")
    if reason or fault.code in (None, str(status)):
        fault = replace(fault, code=reason or fault.type or fault.code)
    if delay_s := _delay_s(fault):
        fault = replace(fault, retry_after_s=delay_s)
    if fault.kind is not None:
        return fault
    if status == 429:
        return replace(fault, kind=ErrorKind.QUOTA) if _is_exhausted(fault) else fault
    return _refused(fault, reason) if status == 400 else fault


def _refused(fault: Fault, reason: str) -> Fault:
    said = f"{reason} {fault.message}"
    kind = next((kind for phrase, kind in _REFUSED if phrase.search(said)), None)
    return fault if kind is None else replace(fault, kind=kind)


def _is_exhausted(fault: Fault) -> bool:
    """Whether a quota is used up for the day, or is none at all."""
    violations = list(_violations(fault.details))
    ids = list(_texts(violations, "quotaId"))
    if "0" in _texts(violations, "quotaValue") or _NO_QUOTA.search(fault.message):
        return True
    return any(_DAILY.search(name) for name in ids or [fault.message])


def _violations(details: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for detail in details:
        found = detail.get("violations")
        for violation in cast("list[object]", found) if isinstance(found, list) else ():
            if isinstance(violation, Mapping):
                yield cast("Mapping[str, Any]", violation)


def _delay_s(fault: Fault) -> float | None:
    """The wait a `RetryInfo` asks for, such as "34s"."""
    delay = _SECONDS.fullmatch(next(_texts(fault.details, "retryDelay"), ""))
    return float(delay[1]) if delay else None


def _texts(details: Iterable[Mapping[str, Any]], name: str) -> Iterator[str]:
    """The values of a member, wherever it is given."""
    return (str(detail[name]) for detail in details if detail.get(name) is not None)
