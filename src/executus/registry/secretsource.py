"""Where the secrets of tools come from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from executus.identity import Caller
from majordomo.llm import Secrets

__all__ = [
    "NO_SECRETS",
    "EnvironmentSecrets",
    "MappingSecrets",
    "SecretHints",
    "SecretSource",
]


class SecretSource(Protocol):
    """Gives secrets by name. Asked at every call, so that short-lived ones stay fresh."""

    async def get(self, name: str, caller: Caller) -> str | None:
        """The value for this caller, or None when it is not set."""
        ...


@runtime_checkable
class SecretHints(Protocol):
    """A source that can say how a secret is set, for the message that one is missing."""

    def how_to_set(self, name: str) -> str:
        """What the host does, as the end of a sentence: `set the variable …`."""
        ...


class _NoSecrets:
    async def get(self, name: str, caller: Caller) -> str | None:
        del name, caller

    def how_to_set(self, name: str) -> str:
        del name
        return "give the executor a source of secrets, such as EnvironmentSecrets()"


NO_SECRETS: SecretSource = _NoSecrets()


class EnvironmentSecrets:
    """Secrets from environment variables, the same for every caller.

    The secret `github-token` is the variable `EXECUTUS_SECRET_GITHUB_TOKEN`; an empty one counts as
    not set.

    Args:
        prefix: What the variables' names begin with.
        environ: The variables; the process's own, as they are at the call, by default.
    """

    def __init__(
        self, *, prefix: str = "EXECUTUS_SECRET_", environ: Mapping[str, str] | None = None
    ) -> None:
        self._prefix = prefix
        self._environ = os.environ if environ is None else environ

    async def get(self, name: str, caller: Caller) -> str | None:
        """The variable's value, or None."""
        del caller
        return self._environ.get(self._variable(name)) or None

    def how_to_set(self, name: str) -> str:
        """Names the variable."""
        return f"set the variable {self._variable(name)}"

    def __repr__(self) -> str:
        return f"EnvironmentSecrets(prefix={self._prefix!r})"

    def _variable(self, name: str) -> str:
        return self._prefix + re.sub(r"\W", "_", name, flags=re.ASCII).upper()


class MappingSecrets:
    """Secrets given in the program, the same for every caller. `repr` shows their names."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = Secrets(values)

    async def get(self, name: str, caller: Caller) -> str | None:
        """The value of that name, or None."""
        del caller
        return self._values.get(name)

    def how_to_set(self, name: str) -> str:
        """Names the constructor."""
        return f"add {name!r} to its MappingSecrets(…)"

    def __repr__(self) -> str:
        return f"MappingSecrets({', '.join(map(repr, self._values))})"
