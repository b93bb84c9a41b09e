"""What errors of Chat Completions mean (wire/openai §2, §9)."""

from __future__ import annotations

from dataclasses import replace

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault
from majordomo.providers.openai_faults import refine_openai_fault

__all__ = ["refine_fault"]


def refine_fault(fault: Fault, status: int) -> Fault:
    """Add a status to an error that came in a 200 answer, and what the codes say.

    Args:
        fault: The error as found.
        status: Its HTTP status; 0 when the answer's was good.
    """
    fault = refine_openai_fault(fault, status)
    # Another wire of the same vendor takes this request (wire/openai §2).
    if fault.param == "reasoning_effort" and "function tools" in fault.message.lower():
        fault = replace(fault, kind=ErrorKind.UNSUPPORTED)
    return fault
