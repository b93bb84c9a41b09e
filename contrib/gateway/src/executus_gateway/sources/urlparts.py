"""Parts of addresses, and their one spelling."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from executus_gateway.errors import Refused

__all__ = ["host_of", "normal_url"]

_PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """The host of an address; empty when it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def normal_url(url: str) -> str:
    """An address in one spelling: lower-case host, no default port, no fragment.

    >>> normal_url("HTTPS://API.example.com:443/v1#top")
    'https://api.example.com/v1'

    Raises:
        Refused: It is no http or https address, or holds credentials.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise Refused("that is no address: write https://host/path") from error
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        raise Refused("a source's address begins with http:// or https:// and names a host")
    if parts.username is not None or parts.password is not None:
        raise Refused("leave credentials out of a source's address: the gateway asks for them")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    where = host if port in {None, _PORTS[scheme]} else f"{host}:{port}"
    return urlunsplit((scheme, where, parts.path, parts.query, ""))
