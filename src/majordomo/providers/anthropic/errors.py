"""What Anthropic's error types and codes mean (wire/anthropic §9)."""

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
_QUOTA_CODES = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached"})

# Matched loosely, on a key phrase: wordings drift.
_PHRASES = (
    (re.compile(r"invalid .?signature.? in .?thinking", re.I), ErrorKind.HISTORY_REJECTED),
    (re.compile(r"expected .?thinking.? or", re.I), ErrorKind.HISTORY_REJECTED),
    (re.compile(r"prompt is too long|exceed context limit", re.I), ErrorKind.CONTEXT_OVERFLOW),
    (re.compile(r"credit balance is too low|spend limit", re.I), ErrorKind.QUOTA),
)


def refine_fault(fault: Fault, status: int) -> Fault:
    """Add a status to an error that came in a 200 answer, and what type and code say.

    Args:
        fault: The error as found.
        status: Its HTTP status; 0 when the answer's was good.
    """
    if not status:
        fault = replace(fault, status=_STATUS.get(fault.type or ""))
    kind = fault.kind
    if fault.code in _QUOTA_CODES or fault.type == "billing_error":
        kind = ErrorKind.QUOTA
    elif (fault.status or status) in (400, 413):
        found = (kind for phrase, kind in _PHRASES if phrase.search(fault.message))
        kind = next(found, kind)
    return replace(fault, kind=kind)
