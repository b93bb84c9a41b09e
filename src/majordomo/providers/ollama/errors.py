"""What Ollama's errors mean: they are sentences, without types or codes (wire/ollama §8)."""

from __future__ import annotations

import re
from dataclasses import replace

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault

__all__ = ["refine_fault"]

_OVERFLOW = (
    r"\bcontext\b.{0,60}(?:too long|exceed|overflow)|prompt.{0,60}too long|input length"
    r"|(?:exceed|too long|overflow|longer than|larger than).{0,60}\bcontext\b"
)

# (sentence, kind, field, the status it has when it comes in a stream). Matched loosely, on a key
# phrase: wordings drift. The first match wins.
_PHRASES: tuple[tuple[str, ErrorKind, str | None, int], ...] = (
    (r"does not support thinking", ErrorKind.UNSUPPORTED, "think", 400),
    (r"does not support tools", ErrorKind.UNSUPPORTED, "tools", 400),
    (r"does not support", ErrorKind.UNSUPPORTED, None, 400),
    # The same schema fails every time, and that says nothing against the server.
    (r"failed to parse grammar|invalid JSON schema", ErrorKind.UNSUPPORTED, "format", 500),
    (_OVERFLOW, ErrorKind.CONTEXT_OVERFLOW, None, 400),
    (r"model \S+ not found", ErrorKind.NOT_FOUND, "model", 404),
    (r"more system memory", ErrorKind.PERMANENT, None, 500),
    (r"(?:unsupported|unknown).{0,20}architecture", ErrorKind.PERMANENT, None, 500),
    (r"option .{1,40} must be of type", ErrorKind.PERMANENT, "options", 400),
    (r"^unauthorized\b", ErrorKind.AUTH, None, 401),
    (r"server busy", ErrorKind.TRANSIENT, None, 503),
)
_PHRASED = frozenset({400, 404, 500})
_PLAN = re.compile(r"\b(?:plan|subscri\w+|upgrade)\b", re.IGNORECASE)


def refine_fault(fault: Fault, status: int) -> Fault:
    """Add a status to an error that came in a 200 answer, and what its sentence says.

    Args:
        fault: The error as found.
        status: Its HTTP status; 0 when the answer's was good.
    """
    if fault.kind is not None:
        return fault
    if status == 403 and _PLAN.search(fault.message):
        return replace(fault, kind=ErrorKind.QUOTA)
    if status and status not in _PHRASED:
        return fault
    for phrase, kind, param, usual in _PHRASES:
        if re.search(phrase, fault.message, re.IGNORECASE):
            known = fault.status or status or usual
            return replace(fault, kind=kind, param=fault.param or param, status=known)
    return fault
