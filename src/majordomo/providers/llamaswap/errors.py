"""What the errors of llama-swap, and of llama-server behind it, mean (wire/llama-swap §4, §5)."""

from __future__ import annotations

import re
from dataclasses import replace

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault

__all__ = ["refine_fault"]

# Errors during loading come in an answer whose status is good already.
_STATUS = {
    "bad_request": 400,
    "unauthorized": 401,
    "not_found": 404,
    "conflict": 409,
    "concurrency_limit": 429,
    "internal_error": 500,
    "bad_gateway": 502,
    "service_unavailable": 503,
    "gateway_timeout": 504,
}

# Said with a 500, though no other try will do.
_CANNOT = re.compile(r"requires --jinja|image input is not supported", re.IGNORECASE)


def refine_fault(fault: Fault, status: int) -> Fault:
    """Add what the code and the text say.

    Args:
        fault: The error, as OpenAI's codes explain it.
        status: Its HTTP status; 0 when the answer's was good.
    """
    known = _STATUS.get(fault.code or "")
    if known is not None and not status:
        fault = replace(fault, status=known)
    if fault.code == "conflict":  # of profiles; elsewhere a 409 is a lock that opens again
        return replace(fault, kind=ErrorKind.PERMANENT)
    if _CANNOT.search(fault.message):
        return replace(fault, kind=ErrorKind.UNSUPPORTED)
    return fault
