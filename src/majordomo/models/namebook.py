"""The names of one registry: providers, aliases, and what variables add to them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from majordomo.dsn import provider_name, variable_name
from majordomo.errors import ConfigError, UnknownModel, close_names
from majordomo.llm import Provider
from majordomo.models.environment import Environment
from majordomo.models.listing import Source, access_of
from majordomo.spec import Alias, split

__all__ = ["Entry", "NameBook"]

logger = logging.getLogger("majordomo.models")


@dataclass(slots=True, kw_only=True)
class Entry:
    """A registered provider; `made` once it has been used."""

    make: Callable[[], Provider]
    source: Source
    variable: str = ""
    default_model: str | None = None
    made: Provider | None = None


class NameBook:
    """What names mean; satisfies `majordomo.spec.Names`. Thread-safe.

    Args:
        environment: Where to look for names that nobody registered.
        deferring: Whether a resolver may know a name that is not in the book.
    """

    def __init__(self, environment: Environment, *, deferring: Callable[[], bool]) -> None:
        self._lock = threading.RLock()
        self._environment = environment
        self._deferring = deferring
        self._entries: dict[str, Entry] = {}
        self._aliases: dict[str, str] = {}
        self._has_read = False

    @property
    def providers(self) -> dict[str, Entry]:
        """The registered providers, in order; a copy."""
        with self._lock:
            self._read_variables()
            return dict(self._entries)

    @property
    def aliases(self) -> dict[str, str]:
        """The static aliases, in order; a copy."""
        with self._lock:
            return dict(self._aliases)

    def add_provider(self, name: str, entry: Entry) -> None:
        """Register; a second provider of a name replaces the first, in its place.

        Raises:
            ConfigError: The name cannot be written in a spec.
        """
        if split(name)[0] != name or _unwritable(name):
            raise ConfigError(f"a provider cannot be named {name!r}: a spec could not name it")
        with self._lock:
            self._entries[name] = entry

    def add_alias(self, name: str, text: str) -> None:
        """Define an alias; a second one of that name replaces the first.

        Raises:
            ConfigError: The name cannot be written in a spec, or already means a model.
        """
        left = split(name)[0]
        with self._lock:
            if left != name and left in self._entries:
                raise ConfigError(f"{name!r} cannot be an alias: it means a model of {left!r}")
            if _unwritable(name):
                raise ConfigError(f"an alias cannot be named {name!r}: a spec could not name it")
            self._aliases[name] = text

    def _read_variables(self) -> None:
        """Once, register the providers that variables declare; caller holds the lock.

        Not when the book is made: one is made by importing the package, which should do nothing.
        """
        if self._has_read:
            return
        self._has_read = True
        for variable, name, _ in self._environment.providers():
            # A shell could not write the hyphen.
            known = name if name in self._entries else name.replace("_", "-")
            before = self._entries.get(known)
            if before is not None and before.source is Source.BUILT_IN:
                logger.warning("%s replaces the built-in provider %r", variable, known)
                self._declare(variable, known)
            elif before is None or (before.source is Source.VARIABLE and known != name):
                self._declare(variable, name)
            # Else the host's own code knows best, or LLM_X came before llm_x.

    def _declare(self, variable: str, name: str) -> None:
        def make() -> Provider:
            return self._environment.build(variable, name)

        self.add_provider(name, Entry(make=make, source=Source.VARIABLE, variable=variable))

    def provider(self, name: str) -> Provider:
        """The provider of that name, made on its first use.

        Raises:
            UnknownModel: There is none.
            DSNError: The variable that declares it cannot be read.
        """
        with self._lock:
            if not self.is_provider(name):
                raise self.error(name)
            entry = self._entries[name]
            made = entry.made or entry.make()
            if not access_of(made).missing:
                entry.made = made  # else a key that is set later would not be found
            return made

    def is_provider(self, name: str) -> bool:
        """See `Names.is_provider`; a variable that declares the name is read now."""
        with self._lock:
            self._read_variables()
            if name not in self._entries:
                variable = self._environment.provider_variable(name)
                if variable:
                    self._declare(variable, name)
            return name in self._entries

    def default_model(self, provider: str) -> str | None:
        """See `Names.default_model`."""
        with self._lock:
            return self._entries[provider].default_model

    def alias(self, name: str) -> Alias | None:
        """See `Names.alias`; a variable counts only where the book itself knows no model."""
        with self._lock:
            self._read_variables()
            if name in self._aliases:
                return Alias(self._aliases[name])
            entry = self._entries.get(name)
            if entry is not None and entry.default_model is not None:
                return None
            return self._environment.alias(name)

    def unknown(self, text: str, secret: str) -> ConfigError | None:
        """See `Names.unknown`."""
        return None if self._deferring() else self.error(text, secret)

    def error(self, text: str, secret: str = "") -> UnknownModel:
        """Say that text means nothing, what would, and what would define it."""
        if secret:
            hint = f"{secret} is read as an alias, and its text (not shown) holds an unknown name"
            return UnknownModel(provider_name(secret), hint=hint)
        left = split(text)[0]
        rest = text[len(left) :]
        with self._lock:
            self._read_variables()
            providers, aliases = list(self._entries), list(self._aliases)
        hint = "; ".join(_ways(left, rest, providers, aliases))
        if not rest and (vendor := _VENDORS.get(left.partition("-")[0])) in providers:
            return UnknownModel(text, known=[f"{vendor}/{text}", *aliases], hint=hint)
        # Compared without the model id: a long one would make any two names similar.
        similar = close_names(left, providers)
        return UnknownModel(text, known=[*(p + rest for p in similar), *aliases], hint=hint)


_VENDORS = {"gpt": "openai", "claude": "anthropic", "gemini": "google"}
"""Whose models are called so: other libraries take them without the provider."""


def _ways(left: str, rest: str, providers: list[str], aliases: list[str]) -> Iterator[str]:
    yield f"registered providers: {', '.join(providers) or 'none'}"
    if aliases:
        yield f"aliases: {', '.join(aliases)}"
    yield "write provider/model"
    if variable := variable_name(left):
        what = "as scheme://token@host" if rest else "as scheme://token@host or an alias"
        yield f"{variable} would define {left!r} {what}"


def _unwritable(name: str) -> bool:
    return not name or "," in name or name != name.strip()
