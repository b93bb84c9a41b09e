"""The grammar of model names: `openai/gpt-6-sol,thinking` to targets in order.

    spec    := element ("," element)*
    element := alias | provider "/" model-id | provider ":" model-id

An element is split at its first `/` or `:`, and only when a provider is registered under what
stands left of it; the rest is the model id verbatim. An alias stands for a spec of its own. Pure:
what the names mean is asked of `Names`. Source: docs/adr/0003.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from majordomo.errors import ConfigError, UnknownModel

__all__ = [
    "Alias",
    "AliasCycle",
    "Dynamic",
    "Element",
    "Names",
    "SpecError",
    "TargetName",
    "expand",
    "extend_path",
    "split",
]

MAX_CHARS = 4096
"""Length of a spec, and of each alias it uses. Longer text is no name: a file, a loop's output."""
MAX_DEPTH = 50
"""Aliases that may stand inside each other. Only resolvers that invent names get there."""


class SpecError(ConfigError):
    """Text that does not follow the grammar."""


class AliasCycle(SpecError):
    """An alias that stands for itself.

    Args:
        path: The names from the first one to its second occurrence.
    """

    def __init__(self, path: Sequence[str]) -> None:
        self.path = tuple(path)
        super().__init__(f"alias cycle: {' -> '.join(self.path)}")


@dataclass(frozen=True, slots=True)
class Alias:
    """What a name stands for.

    Attributes:
        text: A spec; not in the repr.
        secret: Name of the variable it comes from, when its text must not be shown: it may be
            another program's setting. Empty otherwise.
    """

    text: str = field(repr=False)
    secret: str = ""


@dataclass(frozen=True, slots=True)
class TargetName:
    """One model at one provider."""

    provider: str
    model: str


@dataclass(frozen=True, slots=True, repr=False)
class Dynamic:
    """A name that only the dynamic resolvers may know; asked per request.

    Attributes:
        name: What they are asked.
        path: The aliases it was reached through, so that a cycle through a resolver is seen.
        secret: See `Alias`.
    """

    name: str
    path: tuple[str, ...] = field(default=(), compare=False)
    secret: str = field(default="", compare=False)

    def __repr__(self) -> str:
        shown = f"of {self.secret}, not shown" if self.secret else repr(self.name)
        return f"{type(self).__name__}({shown})"


Element: TypeAlias = TargetName | Dynamic


class Names(Protocol):
    """What the names mean."""

    def is_provider(self, name: str) -> bool:
        """Whether a provider is registered under the name."""
        ...

    def default_model(self, provider: str) -> str | None:
        """Model id meant by a provider's bare name."""
        ...

    def alias(self, name: str) -> Alias | None:
        """What a name stands for; None when it is no alias."""
        ...

    def unknown(self, text: str, secret: str) -> ConfigError | None:
        """The error for text that means nothing; None when a resolver may know it."""
        ...


def expand(
    spec: str, names: Names, *, path: tuple[str, ...] = (), secret: str = ""
) -> tuple[Element, ...]:
    """The targets a spec stands for, in order; equal ones once, at their first place.

    Args:
        spec: The text.
        names: What its names mean.
        path: Aliases that are being expanded already.
        secret: Variable the text comes from, when it must not be shown.

    Raises:
        SpecError: The text does not follow the grammar.
        AliasCycle: An alias stands for itself.
        UnknownModel: A provider's model id is missing.
        ConfigError: What `Names.unknown` says of a name.
    """
    return tuple(dict.fromkeys(_Expansion(names).spec(spec, path, secret)))


def split(text: str) -> tuple[str, str]:
    """What stands left of the first `/` or `:`, and what stands right; empty when there is none."""
    cut = next((at for at, char in enumerate(text) if char in "/:"), len(text))
    return text[:cut], text[cut + 1 :]


class _Expansion:
    """One expansion. Every alias is expanded once: its targets would be dropped as equal anyway.

    Without that, n aliases that each name the next one twice would cost 2**n.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._done: set[str] = set()

    def spec(self, text: str, path: tuple[str, ...], secret: str) -> Iterator[Element]:
        if len(text) > MAX_CHARS:
            raise SpecError(_too_long(text, secret))
        elements = [element.strip() for element in text.split(",")]
        if elements == [""]:
            raise SpecError(_empty(secret))
        for number, element in enumerate(elements, start=1):
            if not element:
                shown = secret or repr(text)
                raise SpecError(f"element {number} of {shown} is empty; commas separate elements")
            yield from self._element(element, path, secret)

    def _element(self, text: str, path: tuple[str, ...], secret: str) -> Iterator[Element]:
        provider, model = split(text)
        if provider != text and self._names.is_provider(provider):
            if not model:
                raise _no_model(text, provider)
            yield TargetName(provider, model)
        elif (alias := self._names.alias(text)) is not None:
            yield from self._alias(text, alias, path, secret)
        elif self._names.is_provider(text):
            yield self._bare(text)
        elif (error := self._names.unknown(text, secret)) is not None:
            raise error
        else:
            yield Dynamic(text, path, secret)

    def _bare(self, provider: str) -> TargetName:
        model = self._names.default_model(provider)
        if model is None:
            raise _no_model(provider, provider)
        return TargetName(provider, model)

    def _alias(
        self, name: str, alias: Alias, path: tuple[str, ...], secret: str
    ) -> Iterator[Element]:
        inner = extend_path(path, name)
        if name not in self._done:
            found = self.spec(alias.text, inner, alias.secret or secret)
            yield from _sealed(found) if alias.secret else found
            self._done.add(name)


def _sealed(elements: Iterator[Element]) -> list[Element]:
    """All of them. An error leaves without its traceback: its frames' locals hold the text."""
    try:
        return list(elements)
    except ConfigError as error:
        fault = error
    raise fault.with_traceback(None)


def extend_path(path: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The path with one more name.

    Raises:
        AliasCycle: It stands there already.
        SpecError: The path is too long.
    """
    if name in path:
        raise AliasCycle((*path[path.index(name) :], name))
    if len(path) >= MAX_DEPTH:
        raise SpecError(f"aliases stand inside each other more than {MAX_DEPTH} deep at {name!r}")
    return (*path, name)


def _no_model(text: str, provider: str) -> UnknownModel:
    return UnknownModel(text, hint=f"name a model of {provider}, as in {provider}/MODEL")


def _empty(secret: str) -> str:
    where = f" of {secret}" if secret else ""
    return f"the model name{where} is empty; write provider/model, such as 'fake'"


def _too_long(text: str, secret: str) -> str:
    where = f" of {secret}" if secret else ""
    return f"the model name{where} has {len(text)} characters; at most {MAX_CHARS} can be meant"
