"""Which variables declare something, and what it is called; their values are not looked into."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

__all__ = ["Declaration", "provider_name", "scan", "variable_name"]

PREFIX = "LLM_"
RESERVED = frozenset({"LLM_API_KEY", "LLM_MODEL", "LLM_BASE_URL"})
"""Names that other programs use for plain settings: never providers or aliases."""

_VARIABLE = re.compile(r"LLM_([A-Z0-9_.-]+)", re.ASCII | re.IGNORECASE)


class Declaration(NamedTuple):
    """A variable that declares a provider or an alias; its value stays where it is."""

    variable: str
    name: str
    is_dsn: bool


def provider_name(variable: str) -> str:
    """The name a variable declares: what follows `LLM_`, in lower case; empty when none does."""
    found = _VARIABLE.fullmatch(variable)
    if found is None or variable.upper() in RESERVED:
        return ""
    return found[1].lower()


def scan(environ: Mapping[str, str]) -> Iterator[Declaration]:
    """The variables that declare something, in order of their names.

    A value with `://` declares a provider. Any other may be an alias chain, or another program's
    setting: it is for the caller to look only when its name is asked for. Empty values count as
    unset.
    """
    for variable in sorted(environ):
        name = provider_name(variable)
        value = environ.get(variable, "") if name else ""  # it may have been unset meanwhile
        if value.strip():
            yield Declaration(variable, name, "://" in value)


def variable_name(name: str) -> str:
    """The variable that would declare a name; empty when none can.

    Shells take no hyphen in a variable's name, so `LLM_OLLAMA_CLOUD` declares `ollama-cloud`, too.
    """
    variable = PREFIX + name.upper().replace("-", "_")
    # Some letters of other alphabets have upper-case forms in this one.
    writable = name.isascii() and name == name.lower()
    return variable if writable and provider_name(variable) else ""
