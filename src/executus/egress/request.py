"""One hop's request, and what it becomes when a redirect is followed. No I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from executus.egress.decoding import ACCEPTED_ENCODINGS
from executus.egress.errors import EgressRefused
from executus.egress.urls import Target, join_url, parse_url

__all__ = ["SECRET_HEADERS", "OutboundRequest", "build_request", "follow", "is_redirect"]

# Never sent on to another origin. Callers add their own.
SECRET_HEADERS = frozenset(
    {
        "api-key",
        "authorization",
        "cookie",
        "cookie2",
        "proxy-authorization",
        "x-api-key",
        "x-auth-token",
        "x-goog-api-key",
    }
)
# They frame the message or name its receiver: given from outside, they undo the checks.
_OURS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
_DEFAULTS = {"accept": "*/*", "accept-encoding": ACCEPTED_ENCODINGS, "user-agent": "executus"}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRequest:
    """What one hop sends; `headers` are complete but for Host and framing."""

    method: str
    target: Target
    headers: Headers
    content: bytes | None = None


def build_request(
    method: str, url: str, *, headers: Mapping[str, str], content: bytes | None
) -> OutboundRequest:
    """Check what a caller asks to send.

    Raises:
        EgressRefused: The URL, the method or a header is not allowed.
    """
    verb = method.upper()
    if not _TOKEN.fullmatch(method) or verb in _FORBIDDEN_METHODS:
        raise EgressRefused(f"the method {method[:40]!a} is not allowed", reason="method")
    own = {name.strip().lower(): value.strip() for name, value in headers.items()}
    for name, value in own.items():
        _check_header(name, value)
    return OutboundRequest(
        method=verb,
        target=parse_url(url),
        headers=tuple({**_DEFAULTS, **own}.items()),
        content=content,
    )


def _check_header(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise EgressRefused(f"{name[:40]!a} is not a header's name", reason="header")
    if name in _OURS:
        raise EgressRefused(
            f"the header {name} is set by the client itself: leave it out", reason="header"
        )
    if not _VALUE.fullmatch(value):
        raise EgressRefused(
            f"the value of the header {name} has characters that cannot be sent", reason="header"
        )


def is_redirect(status: int, headers: Headers) -> bool:
    """Whether an answer points somewhere else to ask."""
    return status in _REDIRECTS and any(name == "location" for name, _ in headers)


def follow(
    request: OutboundRequest,
    status: int,
    headers: Headers,
    *,
    secret_headers: Collection[str],
    resend_body: bool,
) -> OutboundRequest:
    """Make the next hop's request.

    303 becomes GET (HEAD stays HEAD), and so does a POST after 301 and 302, both without body;
    everything else is repeated as it was. Source: the Fetch standard, "HTTP-redirect fetch".

    Raises:
        EgressRefused: The redirect is ambiguous, its URL is not allowed, or it would carry the
            body to another origin and `resend_body` is false.
    """
    target = _location(request, headers)
    result = replace(request, target=target)
    if _becomes_get(request.method, status):
        result = _without_body(result)
    if target.origin == request.target.origin:
        return result
    if result.content and not resend_body:
        raise EgressRefused(
            f"{request.target.host.text} redirects a request with a body to {target.host.text}: "
            "to send it there too, pass resend_body=True",
            reason="redirect",
            host=target.host.text,
        )
    secret = SECRET_HEADERS.union(name.strip().lower() for name in secret_headers)
    return replace(result, headers=tuple(pair for pair in result.headers if pair[0] not in secret))


def _location(request: OutboundRequest, headers: Headers) -> Target:
    locations = {value for name, value in headers if name == "location"}
    if len(locations) != 1:
        raise EgressRefused(
            f"{request.target.host.text} redirects to several places at once",
            reason="redirect",
            host=request.target.host.text,
        )
    return join_url(request.target, _as_text(locations.pop()))


def _as_text(location: str) -> str:
    """Headers are read as Latin-1; servers that mean more send UTF-8."""
    raw = location.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return location


def _becomes_get(method: str, status: int) -> bool:
    if status == 303:
        return method not in ("GET", "HEAD")
    return status in (301, 302) and method == "POST"


def _without_body(request: OutboundRequest) -> OutboundRequest:
    headers = tuple(pair for pair in request.headers if not pair[0].startswith("content-"))
    return replace(request, method="GET", headers=headers, content=None)
