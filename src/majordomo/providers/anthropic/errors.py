"""What Anthropic's error types, codes and wordings mean (wire/anthropic §9)."""

from __future__ import annotations

import re
from dataclasses import replace

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault

__all__ = ["refine_fault"]

_STATUS = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "billing_error": 402,
    "request_too_large": 413,
    "conflict_error": 409,
}
_TYPES = {
    "authentication_error": ErrorKind.AUTH,
    "permission_error": ErrorKind.AUTH,
    "billing_error": ErrorKind.QUOTA,
    "not_found_error": ErrorKind.NOT_FOUND,
    "overloaded_error": ErrorKind.TRANSIENT,
}
# Also 429, but waiting does not help: someone has to pay, or a month has to end.
_QUOTA_CODES = frozenset(
    {
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
    }
)
_PAID = re.compile(r"credit balance|spend(?:ing)? limit|usage limits", re.I)

# Matched loosely, on a key phrase: wordings drift. The first match wins.
_REFUSED = (
    (re.compile(r"invalid .?signature.? in .?thinking", re.I), ErrorKind.HISTORY_REJECTED),
    (re.compile(r"expected .?thinking.?.{0,40}\bfound\b", re.I), ErrorKind.HISTORY_REJECTED),
    (re.compile(r"thinking.{0,80} cannot be modified", re.I), ErrorKind.HISTORY_REJECTED),
    (re.compile(r"prompt is too long|exceed context limit", re.I), ErrorKind.CONTEXT_OVERFLOW),
    (re.compile(r"grammar is too large|schema is too complex", re.I), ErrorKind.UNSUPPORTED),
)
# A field this model does not take; another model may (§1.1, §5, §6).
_FIELD = re.compile(
    r"\b(temperature|top_p|top_k|thinking\.type|effort|output_config|tool_choice)\b"
    r".{0,120}?(?:not permitted|not supported|not compatible|unsupported|deprecated)",
    re.I,
)


def refine_fault(fault: Fault, status: int) -> Fault:
    """Add a status to an error that came in a 200 answer, and what type, code and words say.

    Refining twice changes nothing more.

    Args:
        fault: The error as found.
        status: Its HTTP status; 0 when the answer's was good.
    """
    if not status and fault.status is None:
        fault = replace(fault, status=_STATUS.get(fault.type or ""))
    status = status or fault.status or 0
    if fault.code in _QUOTA_CODES:
        return replace(fault, kind=ErrorKind.QUOTA)
    if status in (400, 402, 403, 429) and _PAID.search(fault.message):
        return replace(fault, kind=ErrorKind.QUOTA)
    if fault.type in _TYPES:
        return replace(fault, kind=_TYPES[fault.type])
    return _refused(fault) if status in (400, 413) else fault


def _refused(fault: Fault) -> Fault:
    for phrase, kind in _REFUSED:
        if phrase.search(fault.message):
            return replace(fault, kind=kind)
    field = _FIELD.search(fault.message)
    if field is None:
        return fault
    return replace(fault, kind=ErrorKind.UNSUPPORTED, param=fault.param or field[1].lower())
