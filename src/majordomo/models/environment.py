"""Providers and aliases that variables declare, built when their name is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from majordomo.dsn import DSN, Declaration, DSNError, parse_dsn, scan, variable_name
from majordomo.errors import did_you_mean
from majordomo.llm import Provider
from majordomo.spec import Alias

__all__ = ["BuildProvider", "Environment"]

BuildProvider: TypeAlias = Callable[[DSN, str], Provider]
"""Makes the provider a DSN declares, under the name it was asked for."""


class Environment:
    """What a process's variables declare. Looked at anew each time.

    Args:
        environ: The variables.
        schemes: How a DSN becomes a provider, by scheme.
    """

    def __init__(self, environ: Mapping[str, str], schemes: Mapping[str, BuildProvider]) -> None:
        self._environ = environ
        self._schemes = schemes

    def providers(self) -> Iterator[Declaration]:
        """Variables that declare a provider."""
        return (found for found in scan(self._environ) if found.is_dsn)

    def aliases(self) -> Iterator[Declaration]:
        """Variables that may be an alias; their values are not looked at."""
        return (found for found in scan(self._environ) if not found.is_dsn)

    def provider_variable(self, name: str) -> str:
        """The variable that declares a provider of that name; empty when none does."""
        variable = variable_name(name)
        return variable if "://" in self._environ.get(variable, "") else ""

    def alias(self, name: str) -> Alias | None:
        """The alias a variable declares under the name."""
        variable = variable_name(name)
        text = self._environ.get(variable, "").strip()
        return Alias(text, variable) if text and "://" not in text else None

    def build(self, variable: str, name: str) -> Provider:
        """The provider a variable declares.

        Raises:
            DSNError: Its value cannot be read, or it is not set any more.
        """
        try:
            return self._build(variable, name)
        except DSNError as error:
            fault = error
        # Without the frames whose locals hold the declaration: where a token was written in the
        # wrong place, any part of it may be one.
        raise fault.with_traceback(None)

    def _build(self, variable: str, name: str) -> Provider:
        value = self._environ.get(variable)
        if value is None:
            raise DSNError(variable, "it is not set any more")
        dsn = parse_dsn(variable, value)
        build = self._schemes.get(dsn.scheme)
        if build is None:
            close = did_you_mean(dsn.scheme, self._schemes)
            raise DSNError(variable, f"its scheme is unknown{close}; {self._known()}")
        return build(dsn, name)

    def _known(self) -> str:
        return f"known schemes: {', '.join(self._schemes) or 'none'}"
