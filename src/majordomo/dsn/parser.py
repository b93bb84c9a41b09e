"""Reads `scheme://[user:]token@host[:port][/base][?options]`.

Pure. No message repeats any piece of a value, because a token may stand in every piece of one that
was written wrongly.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from majordomo.dsn.options import Fault, OptionValue, check_escapes, decoded, read_options
from majordomo.dsn.variables import provider_name
from majordomo.errors import ConfigError

__all__ = ["DSN", "DSNError", "parse_dsn"]

PLAIN_SCHEMES = frozenset({"ollama", "llama-swap"})
"""Schemes of servers that stand on the own machine or network: http unless `tls=1`."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?")
_LONG_NAME = 20  # without a dot or a port, such a host is a token whose `@host` was forgotten
_PORT = re.compile(r"\d{1,5}", re.ASCII)
_PATH_SAFE = "/%:!$&'()*+,;=~"


class DSNError(ConfigError):
    """A variable that declares a provider in a way that cannot be read.

    Args:
        variable: Its name.
        fault: What is wrong, without any piece of the value.
    """

    def __init__(self, variable: str, fault: str) -> None:
        self.variable = variable
        self.fault = fault
        super().__init__(f"{variable}: {fault}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DSN:
    """A provider as a variable declares it.

    Attributes:
        variable: Which one.
        scheme: What kind of provider, in lower case; which ones exist is the registry's business.
        user: What stands before the token, decoded; empty when nothing does.
        token: The credential, decoded; None when there is none.
        host: Name or address; an IPv6 address without brackets.
        port: None when the scheme's own is meant.
        base: Path of the URL, as it is sent and without a trailing slash; None when the value has
            none, so that the kind of provider may have its usual one. A lone `/` is an empty path.
        tls: Whether it is https.
        options: What follows the `?`, typed: switches are bool, `timeout` is seconds or None for
            no bound, the rest is text.
    """

    variable: str
    scheme: str
    user: str = field(default="", repr=False)
    token: str | None = field(default=None, repr=False)
    host: str
    port: int | None = None
    base: str | None = None
    tls: bool = True
    options: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])

    @property
    def name(self) -> str:
        """Name of the provider it declares."""
        return provider_name(self.variable)

    def url(self, default_base: str = "") -> str:
        """The base URL, without credentials and without a trailing slash.

        Args:
            default_base: Path meant when the value has none, such as `/v1`.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        base = default_base if self.base is None else self.base
        return f"{'https' if self.tls else 'http'}://{host}{port}{base}"


def parse_dsn(variable: str, value: str) -> DSN:
    """Read a declaration. User, token, host and options are percent-decoded.

    Args:
        variable: Where the value comes from, for errors.
        value: The declaration; surrounding whitespace does not count.

    Raises:
        DSNError: It cannot be read, or an option is unknown.
    """
    read: DSN | None = None
    fault = ""
    try:
        read = _read(variable, value.strip())
    except Fault as error:
        fault = error.sentence
    # Displays that show the locals of a traceback's frames shall not find the value here; for the
    # same reason the error is raised where none is being handled, so that it has no context.
    del value
    if read is None:
        raise DSNError(variable, fault)
    return read


def _read(variable: str, value: str) -> DSN:
    scheme, separator, rest = value.partition("://")
    scheme = scheme.lower()
    if not separator or not _SCHEME.fullmatch(scheme):
        raise Fault("it must begin with a scheme, as in scheme://token@host")
    if "#" in rest:
        raise Fault("it holds a '#'; within a token or an option, write %23")
    address, _, query = rest.partition("?")
    if "@" in query:
        raise Fault("an '@' follows a '?'; within a token, write %3F for '?'; in options, %40")
    authority, slash, path = address.partition("/")
    if "@" in path:
        raise Fault("an '@' follows a '/'; within a token, write %2F for '/'; in a path, %40")
    options = read_options(query)
    credentials, _, where = authority.rpartition("@")
    user, token = _credentials(credentials)
    host, port = _host(where)
    if not credentials and port is None and _looks_like_a_token(host):
        raise Fault("its host looks like a token; write scheme://token@host")
    tls = options.pop("tls", scheme not in PLAIN_SCHEMES)
    return DSN(
        variable=variable,
        scheme=scheme,
        user=user,
        token=token,
        host=host,
        port=port,
        base=_base(path) if slash else None,
        tls=bool(tls),
        options=options,
    )


def _credentials(text: str) -> tuple[str, str | None]:
    first, colon, second = text.rpartition(":")
    user, token = decoded(first, "the user"), decoded(second, "the token")
    if colon and not token:
        raise Fault("the token after ':' is empty")
    # A header carries it: a line break would end that header, and httpx refuses the rest.
    if not (token.isascii() and token.isprintable()):
        raise Fault("the token has characters that a header cannot carry")
    return user, token or None


def _host(where: str) -> tuple[str, int | None]:
    if where.startswith("["):
        host, bracket, rest = where[1:].partition("]")
        if not bracket or not _is_ipv6(host) or (rest and not rest.startswith(":")):
            raise Fault("the host is no IPv6 address in brackets, as in [::1]:8080")
        return host, _port(rest[1:]) if rest else None
    if where.count(":") > 1:
        raise Fault("the host has several ':'; write an IPv6 address in brackets, as in [::1]")
    name, colon, port = where.partition(":")
    host = decoded(name, "the host")
    if not host:
        raise Fault("the host is missing, as in scheme://token@host")
    if not _HOST.fullmatch(host):
        raise Fault("the host has characters other than letters, digits, '.', '-' and '_'")
    return host, _port(port) if colon else None


def _looks_like_a_token(host: str) -> bool:
    return len(host) >= _LONG_NAME and "." not in host and ":" not in host


def _is_ipv6(text: str) -> bool:
    try:
        # A zone belongs to one machine, and is written differently in URLs: not supported.
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False


def _port(text: str) -> int:
    if _PORT.fullmatch(text) and 0 < int(text) < 65536:
        return int(text)
    raise Fault("the port is no number from 1 to 65535")


def _base(path: str) -> str:
    """The path as URLs carry it. Not decoded: %2F and '/' differ in a path."""
    check_escapes(path, "the path")
    try:
        path = quote(path, safe=_PATH_SAFE).strip("/")
    except UnicodeError:
        raise Fault("the path is not UTF-8") from None
    return f"/{path}" if path else ""
