"""Names that are looked up per request: tiers in a database, switches of an operator."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol, TypeAlias

from majordomo.chain import Chain
from majordomo.errors import UnknownModel
from majordomo.llm import Capabilities, Request, Response, Stream, Target
from majordomo.spec import Dynamic, Element, Names, TargetName, expand, extend_path

__all__ = ["DynamicModel", "Lookup", "Resolver", "look_up"]

Resolver: TypeAlias = Callable[[str], "str | Awaitable[str | None] | None"]
"""Says what a name stands for now, as a spec; None when it does not know the name."""


class Lookup(Protocol):
    """What the look-up of one request needs of its registry."""

    @property
    def names(self) -> Names:
        """What static names mean."""
        ...

    @property
    def resolvers(self) -> Sequence[Resolver]:
        """Asked in order; the first that knows a name wins."""
        ...

    def error(self, name: Dynamic) -> UnknownModel:
        """The error for a name no resolver knows."""
        ...

    def build(self, targets: Sequence[TargetName]) -> Chain:
        """A chain of targets in order."""
        ...


async def look_up(elements: Sequence[Element], lookup: Lookup) -> tuple[TargetName, ...]:
    """The targets that elements stand for now; equal ones once, at their first place.

    Raises:
        UnknownModel: No resolver knows a name.
        AliasCycle: A name stands for itself, through whatever kinds of alias.
    """
    found: dict[TargetName, None] = {}
    await _collect(elements, lookup, found, set())
    return tuple(found)


async def _collect(
    elements: Sequence[Element], lookup: Lookup, found: dict[TargetName, None], asked: set[str]
) -> None:
    for element in elements:
        if isinstance(element, TargetName):
            found[element] = None
            continue
        # Kept in the element, which shows no secret, and not in a local, which a display may.
        inner = replace(element, path=extend_path(element.path, element.name))
        if element.name not in asked:
            text = await _ask(element, lookup)
            await _collect(expand(text, lookup.names, path=inner.path), lookup, found, asked)
            asked.add(element.name)


async def _ask(name: Dynamic, lookup: Lookup) -> str:
    for resolver in lookup.resolvers:
        answer = resolver(name.name)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is not None:
            return answer
    raise lookup.error(name)


class DynamicModel:
    """A model whose targets are looked up at the start of every request.

    Args:
        elements: Targets, and the names to look up, in order.
        lookup: What to ask.
    """

    def __init__(self, elements: Sequence[Element], lookup: Lookup) -> None:
        self._elements = tuple(elements)
        self._lookup = lookup

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.target}>"

    @property
    def target(self) -> Target:
        """The first target; `dynamic/NAME` while it has to be looked up."""
        first = self._elements[0]
        if isinstance(first, TargetName):
            return Target(first.provider, first.model)
        return Target("dynamic", first.secret or first.name)

    @property
    def capabilities(self) -> Capabilities:
        """What the first target can take; nothing is known of one that has to be looked up."""
        first = self._elements[0]
        if isinstance(first, TargetName):
            return self._lookup.build([first]).capabilities
        return Capabilities()

    async def complete(self, request: Request) -> Response:
        """Look the targets up, and ask them.

        Raises:
            UnknownModel: No resolver knows a name.
            AliasCycle: A name stands for itself.
            APIError: The attempt failed.
            UnsupportedRequest: The target cannot take this request.
        """
        return await (await self.chain()).complete(request)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[Stream]:
        """Look the targets up, and read the answer as it comes; raises as `complete` does."""
        async with (await self.chain()).stream(request) as stream:
            yield stream

    async def chain(self) -> Chain:
        """The chain it stands for now.

        Raises:
            UnknownModel: No resolver knows a name.
            AliasCycle: A name stands for itself.
        """
        return self._lookup.build(await look_up(self._elements, self._lookup))
