"""The one way to the network: the transport seam, stream readers and bounded bodies.

Protocol logic here does no I/O; only `HttpxTransport` touches a socket.
"""

from majordomo.http.body import MAX_BODY_BYTES, Inflater, read_body
from majordomo.http.httpx_transport import HttpxTransport
from majordomo.http.ndjson import NDJSONReader
from majordomo.http.retry_after import rate_reset_s, retry_after_s
from majordomo.http.sse import LineTooLong, SSEReader
from majordomo.http.transport import HTTPRequest, HTTPResponse, Transport, TransportError

__all__ = [
    "MAX_BODY_BYTES",
    "HTTPRequest",
    "HTTPResponse",
    "HttpxTransport",
    "Inflater",
    "LineTooLong",
    "NDJSONReader",
    "SSEReader",
    "Transport",
    "TransportError",
    "rate_reset_s",
    "read_body",
    "retry_after_s",
]
