"""Which of a target's values are secret, and what takes them out of texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from executus.tools.mcp.targets import HttpTarget, StdioTarget, Target
from majordomo.llm import Scrubber

__all__ = ["scrubber_of", "secrets_of"]

_SECRET_NAME = re.compile(
    r"auth|cookie|credential|key|pass|private|pwd|secret|session|sig|token", re.IGNORECASE
)


def secrets_of(target: Target) -> tuple[tuple[str, str], ...]:
    """Secret values by what they are called: headers, variables and parts of the address.

    A header or a variable is secret when its name says so (auth, key, token, …); of an address its
    password and the whole query are.
    """
    return tuple(_secrets(target))


def scrubber_of(secrets: Iterable[tuple[str, str]]) -> Scrubber:
    """What replaces them by `[secret NAME]`."""
    scrubber = Scrubber()
    for name, value in secrets:
        scrubber.add(name, value)
    return scrubber


def _secrets(target: Target) -> Iterator[tuple[str, str]]:
    if isinstance(target, StdioTarget):
        yield from _named(target.env)
    elif isinstance(target, HttpTarget):
        for name, value in _named(target.headers):
            yield name, value.rpartition(" ")[2]  # of "Bearer …" the word stays readable
        parts = urlsplit(target.url)
        yield "password", parts.password or ""
        yield from parse_qsl(parts.query)


def _named(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in values.items() if _SECRET_NAME.search(name))
