"""The one way to the network: the transport seam, stream readers and bounded bodies.

Protocol logic here does no I/O; only the transports touch a socket: `HttpxTransport`, and for less
CPU on asyncio `majordomo.http.aiohttp_transport.AiohttpTransport` (extra `fast`).
"""

from majordomo.http.body import MAX_BODY_BYTES, Inflater, read_body
from majordomo.http.httpx_transport import HttpxTransport
from majordomo.http.ndjson import NDJSONReader
from majordomo.http.retry_after import rate_reset_s, retry_after_s
from majordomo.http.sse import LineTooLong, SSEReader
from majordomo.http.transport import (
    HTTPRequest,
    HTTPResponse,
    Limit,
    LimitsReads,
    Transport,
    TransportError,
)

__all__ = [
    "MAX_BODY_BYTES",
    "HTTPRequest",
    "HTTPResponse",
    "HttpxTransport",
    "Inflater",
    "Limit",
    "LimitsReads",
    "LineTooLong",
    "NDJSONReader",
    "SSEReader",
    "Transport",
    "TransportError",
    "rate_reset_s",
    "read_body",
    "retry_after_s",
]
