"""What errors of Chat Completions mean (wire/openai §2, §9)."""

from __future__ import annotations

import re
from dataclasses import replace

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault
from majordomo.providers.openai_faults import refine_openai_fault

__all__ = ["refine_fault"]

# A server made with FastAPI lists what is wrong with the fields of a body; llama-cpp-python sends
# that list as a 500. The same request will be refused again.
_BAD_FIELD = re.compile(r"'loc': \('body', '(\w+)'")


def refine_fault(fault: Fault, status: int) -> Fault:
    """Add a status to an error that came in a 200 answer, and what the codes say.

    Args:
        fault: The error as found.
        status: Its HTTP status; 0 when the answer's was good.
    """
    fault = refine_openai_fault(fault, status)
    if fault.kind is None and (bad := _BAD_FIELD.search(fault.message)):
        # Another target may know the form of answer this one does not.
        unknown_form = bad[1] == "response_format"
        kind = ErrorKind.UNSUPPORTED if unknown_form else ErrorKind.PERMANENT
        fault = replace(fault, kind=kind, param=fault.param or bad[1])
    # Another wire of the same vendor takes this request (wire/openai §2).
    if fault.param == "reasoning_effort" and "function tools" in fault.message.lower():
        fault = replace(fault, kind=ErrorKind.UNSUPPORTED)
    return fault
