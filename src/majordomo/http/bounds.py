"""What every transport keeps to: times, counts and sizes."""

from __future__ import annotations

from majordomo.errors import ErrorKind
from majordomo.http.transport import TransportError

__all__ = [
    "CONNECT_TIMEOUT_S",
    "KEEPALIVE_S",
    "MAX_CONNECTIONS",
    "MAX_HEAD_BYTES",
    "head_too_large",
]

# Reading has no timeout of its own: the whole exchange has one deadline, kept by the caller.
CONNECT_TIMEOUT_S = 10.0
KEEPALIVE_S = 60.0
MAX_CONNECTIONS = 1000
MAX_HEAD_BYTES = 64 * 1024


def head_too_large() -> TransportError:
    """The error for an answer whose headers are over `MAX_HEAD_BYTES`, names and values."""
    return TransportError(
        f"the answer's headers are over {MAX_HEAD_BYTES} bytes",
        code="headers_too_large",
        kind=ErrorKind.PERMANENT,
    )
