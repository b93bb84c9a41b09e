"""Where a local Ollama is, from what `OLLAMA_HOST` may hold (wire/ollama §1)."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv6Address

from majordomo.errors import ConfigError

__all__ = ["OLLAMA_CLOUD_URL", "OLLAMA_URL", "ollama_url"]

OLLAMA_URL = "http://127.0.0.1:11434"
OLLAMA_CLOUD_URL = "https://ollama.com"

_PORTS = {"http": 80, "https": 443}
_OWN_PORT = 11434
_QUOTES = " \t\r\n\"'"
_EVERYWHERE = frozenset({"", "0.0.0.0", "[::]"})  # noqa: S104 - what a server binds, not we
_NO_HOST = frozenset("?#@\\%[]: \t\r\n")


def ollama_url(host: str) -> str:
    """The base URL a value of `OLLAMA_HOST` means, without a trailing slash.

    Without a scheme it is http on port 11434, except that a bare `ollama.com` is https; with one,
    the scheme's own port. A path is kept. What a server binds to (`0.0.0.0`, `::`, a port alone)
    becomes 127.0.0.1, as does nothing at all.

    Args:
        host: Such as `gpu-box`, `:8080`, `[fe80::1]:11434`, `https://host/base`, or an URL this
            function has returned.

    Raises:
        ConfigError: It is none of these; the value is not repeated, for it may hold a password.
    """
    scheme, authority, path = _cut(host.strip(_QUOTES))
    name, port = _name_and_port(authority, _PORTS.get(scheme, _OWN_PORT))
    if name in _EVERYWHERE:
        name = "127.0.0.1"
    scheme = scheme or "http"
    suffix = "" if port == _PORTS[scheme] else f":{port}"
    path = path.strip("/")
    return f"{scheme}://{name}{suffix}" + (f"/{path}" if path else "")


def _cut(text: str) -> tuple[str, str, str]:
    """Scheme (empty without one), authority and path."""
    scheme, found, rest = text.partition("://")
    if not found:
        scheme, rest = "", text
    scheme = scheme.lower()
    if scheme and scheme not in _PORTS:
        raise ConfigError("OLLAMA_HOST has an unknown scheme; use http:// or https://, or none")
    authority, _, path = rest.partition("/")
    if "?" in path or "#" in path or not (path.isascii() and path.isprintable()):
        raise ConfigError("OLLAMA_HOST has more than a host, a port and a path; leave that out")
    return ("https" if not found and authority.lower() == "ollama.com" else scheme), authority, path


def _name_and_port(authority: str, default: int) -> tuple[str, int]:
    """The host, an IPv6 address in brackets, and the port."""
    address, closed, rest = authority.removeprefix("[").partition("]")
    if _is_ipv6(address) and (closed or not authority.startswith("[")):
        if rest and not rest.startswith(":"):
            raise _bad_host()
        return f"[{address.lower()}]", _port(rest[1:], default)
    name, _, port = authority.partition(":")
    if _NO_HOST & set(name) or not (name.isascii() and name.isprintable()):
        raise _bad_host()
    return name.lower(), _port(port, default)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _port(text: str, default: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text[:6]) < 65536:
        raise ConfigError("OLLAMA_HOST has a port that is no number from 1 to 65535")
    return int(text)


def _bad_host() -> ConfigError:
    return ConfigError("OLLAMA_HOST names no host; write it as host, host:port or http://host:port")
