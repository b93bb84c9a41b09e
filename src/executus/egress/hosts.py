"""Reads the host of a URL into one spelling, and refuses every spelling with a second meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import idna

from executus.egress.addresses import Address
from executus.egress.errors import EgressRefused

__all__ = ["Host", "parse_host"]

_MAX_NAME = 253
# Longer Unicode can only become a longer name; the mapping should not be made to try.
_MAX_RAW = 1024
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host in its one spelling.

    Attributes:
        text: ASCII, lower case, no trailing dot, no brackets; an address in its shortest form.
        address: The address, when the host is one and not a name.
    """

    text: str
    address: Address | None = None

    @property
    def in_url(self) -> str:
        """As it stands in a URL or a Host header."""
        return f"[{self.text}]" if isinstance(self.address, IPv6Address) else self.text


def parse_host(raw: str) -> Host:
    """Read a host as it stands in a URL.

    International names are mapped by UTS 46 first, so full-width and circled digits are what they
    look like. Addresses are read in their usual form only: short, octal, hexadecimal and decimal
    forms mean different things to different programs.

    Raises:
        EgressRefused: Not a host (reason `host`).
    """
    if raw.startswith("[") and raw.endswith("]"):
        return _bracketed(raw)
    if not raw:
        raise _refuse(raw, "is empty")
    if "%" in raw:
        raise _refuse(raw, "is percent-encoded; write it out")
    name = _ascii(raw).removesuffix(".")
    labels = name.split(".")
    if len(name) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refuse(raw, "is neither a name nor an address")
    if _NUMBER.fullmatch(labels[-1]):
        return _dotted(name, raw)
    return Host(text=name)


def _ascii(raw: str) -> str:
    if raw.isascii():
        return raw.lower()
    if len(raw) > _MAX_RAW:
        raise _refuse(raw, "is too long")
    try:
        mapped = idna.uts46_remap(raw)
        return mapped if mapped.isascii() else idna.encode(mapped).decode("ascii")
    except (UnicodeError, ValueError, IndexError) as error:
        raise _refuse(raw, "is not a valid international name") from error


def _dotted(name: str, raw: str) -> Host:
    try:
        address = IPv4Address(name)
    except AddressValueError as error:
        raise _refuse(
            raw, "is a number but not four decimal ones; write the address in its usual form"
        ) from error
    return Host(text=str(address), address=address)


def _bracketed(raw: str) -> Host:
    inner = raw[1:-1]
    if "%" in inner:
        raise _refuse(raw, "names an interface; leave the part after % out")
    try:
        address = IPv6Address(inner)
    except AddressValueError as error:
        raise _refuse(raw, "is not an IPv6 address") from error
    return Host(text=str(address), address=address)


def _refuse(raw: str, why: str) -> EgressRefused:
    # Escaped: what cannot be read as a host may be made to mislead who reads the message.
    shown = ascii(raw if len(raw) <= 80 else raw[:79] + "…")
    return EgressRefused(f"the host {shown} {why}", reason="host")
