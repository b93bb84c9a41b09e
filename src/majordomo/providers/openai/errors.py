"""What OpenAI's error types and codes mean (wire/openai §9)."""

from __future__ import annotations

import re
from dataclasses import replace

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault

__all__ = ["refine_fault"]

# Also 429, but waiting does not help: someone has to pay.
_QUOTA = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_usage_limit_exceeded",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "billing_hard_limit_reached",
    }
)
_STATUS = {
    **dict.fromkeys(_QUOTA, 429),
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "rate_limit": 429,
    "slow_down": 429,
    "resource_unavailable": 429,
    "server_is_overloaded": 503,
    "service_unavailable_error": 503,
    "overloaded_error": 503,
    "server_error": 500,
    "internal_server_error": 500,
    "api_error": 500,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
    "content_policy_violation": 400,
    "invalid_request_error": 400,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
}
# A server made with FastAPI lists what is wrong with the fields of a body; llama-cpp-python sends
# that list as a 500. The same request will be refused again.
_BAD_FIELD = re.compile(r"'loc': \('body', '(\w+)'")

_KIND = {
    **dict.fromkeys(_QUOTA, ErrorKind.QUOTA),
    "context_length_exceeded": ErrorKind.CONTEXT_OVERFLOW,
    "exceed_context_size_error": ErrorKind.CONTEXT_OVERFLOW,
    "model_not_found": ErrorKind.NOT_FOUND,
    "invalid_api_key": ErrorKind.AUTH,
}


def refine_fault(fault: Fault, status: int) -> Fault:
    """Add a status to an error that came in a 200 answer, and what the codes say.

    Args:
        fault: The error as found.
        status: Its HTTP status; 0 when the answer's was good.
    """
    words = [word for word in (fault.code, fault.type) if word]
    if not status and fault.status is None:
        known = (_STATUS[word] for word in words if word in _STATUS)
        fault = replace(fault, status=next(known, None))
    kind = next((_KIND[word] for word in words if word in _KIND), None)
    if kind is None and (bad := _BAD_FIELD.search(fault.message)):
        # Another target may know the form of answer this one does not.
        unknown_form = bad[1] == "response_format"
        kind = ErrorKind.UNSUPPORTED if unknown_form else ErrorKind.PERMANENT
        fault = replace(fault, param=fault.param or bad[1])
    # Another wire of the same vendor takes this request (wire/openai §2).
    if fault.param == "reasoning_effort" and "function tools" in fault.message.lower():
        kind = ErrorKind.UNSUPPORTED
    return fault if kind is None else replace(fault, kind=kind)
