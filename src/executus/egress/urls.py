"""Reads a URL into what one hop needs; strict where browsers and libraries disagree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from executus.egress.errors import EgressRefused
from executus.egress.hosts import Host, parse_host

__all__ = ["Target", "join_url", "parse_port", "parse_url", "split_port"]

MAX_URL_CHARS = 16 * 1024
DEFAULT_PORTS = {"http": 80, "https": 443}

_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(?:#.*)?", re.S)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PORT = re.compile(r"0*([0-9]{1,5})")
# Everything RFC 3986 lets stand in a path or a query, and the escapes that are there already.
_SAFE = "/?:@!$&'()*+,;=-._~%[]|^{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one hop goes.

    Attributes:
        scheme: `http` or `https`.
        host: The host in its one spelling.
        port: 1 to 65535, the scheme's own when the URL names none.
        path: Path and query, as they go on the wire.
    """

    scheme: str
    host: Host
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What two URLs share when credentials for one may go to the other."""
        return self.scheme, self.host.text, self.port

    @property
    def authority(self) -> str:
        """The Host header: the port only when it is not the scheme's own."""
        own = self.port == DEFAULT_PORTS[self.scheme]
        return self.host.in_url if own else f"{self.host.in_url}:{self.port}"

    @property
    def url(self) -> str:
        """The whole, in one spelling, without fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_url(url: str) -> Target:
    """Read an absolute URL.

    Raises:
        EgressRefused: It cannot be read one way only (`url`, `host`, `port`), or is neither http
            nor https (`scheme`).
    """
    _check_characters(url)
    parts = _PARTS.fullmatch(url)
    if parts is None:
        raise EgressRefused("the URL is not absolute: begin it with https://", reason="url")
    scheme = parts[1].lower()
    if scheme not in DEFAULT_PORTS:
        raise EgressRefused(
            f"the scheme {scheme[:40]!r} is not allowed: use http or https", reason="scheme"
        )
    authority, path, query = parts[2], parts[3], parts[4] or ""
    if not authority:
        raise EgressRefused("the URL has no host", reason="url")
    if "\\" in authority or "\\" in path:
        raise EgressRefused("the URL has a backslash: write / or %5C", reason="url")
    if "@" in authority:
        raise EgressRefused(
            "the URL carries credentials: leave them out and send a header", reason="url"
        )
    raw_host, raw_port = split_port(authority)
    return Target(
        scheme=scheme,
        host=parse_host(raw_host),
        port=DEFAULT_PORTS[scheme] if not raw_port else parse_port(raw_port),
        path=quote((path or "/") + query, safe=_SAFE),
    )


def join_url(base: Target, location: str) -> Target:
    """Read a redirect's Location, relative or absolute.

    Raises:
        EgressRefused: As `parse_url`.
    """
    _check_characters(location)
    if "\\" in location.partition("?")[0]:
        raise EgressRefused("the redirect's URL has a backslash", reason="url")
    try:
        joined = urljoin(base.url, location)
    except ValueError as error:
        raise EgressRefused("the redirect's URL cannot be read", reason="url") from error
    return parse_url(joined)


def split_port(authority: str) -> tuple[str, str]:
    """Split `host:port`; the port is empty when there is none, brackets stay with the host."""
    host, colon, port = authority.rpartition(":")
    if not colon or "]" in port:
        return authority, ""
    return host, port


def parse_port(text: str) -> int:
    """Read a port.

    Raises:
        EgressRefused: Not 1 to 65535.
    """
    digits = _PORT.fullmatch(text)
    if digits is None or not 0 < int(digits[1]) < 65536:
        raise EgressRefused("the port is not a number from 1 to 65535", reason="port")
    return int(digits[1])


def _check_characters(url: str) -> None:
    if len(url) > MAX_URL_CHARS:
        raise EgressRefused(f"the URL is over {MAX_URL_CHARS} characters", reason="url")
    if _CONTROL.search(url) or url != url.strip():
        raise EgressRefused(
            "the URL has control characters or space around it: take them out", reason="url"
        )
