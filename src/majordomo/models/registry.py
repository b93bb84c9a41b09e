"""The registry: providers, aliases and resolvers by name, and models from specs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from majordomo.chain import Chain, ChainPolicy, Classifier, Observer
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import ConfigError, UnknownModel, classify
from majordomo.health import HealthTracker
from majordomo.imagegen import ImageModel, ImageProvider
from majordomo.llm import Access, Model, Provider
from majordomo.models.dynamic import DynamicModel, Resolver, look_up
from majordomo.models.environment import BuildProvider, Environment
from majordomo.models.listing import Listing, Source, access_of
from majordomo.models.namebook import Entry, NameBook
from majordomo.spec import Dynamic, Names, TargetName, expand

__all__ = ["MakeProvider", "ModelRegistry"]

MakeProvider: TypeAlias = Callable[[], Provider]
_NOTHING: Mapping[str, str] = {}
_NO_SCHEMES: Mapping[str, BuildProvider] = {}


class ModelRegistry:
    """Providers, aliases and resolvers by name; makes chains of specs.

    A bare name means, in this order: a static alias; a provider's default model; the alias or
    provider that the variable `LLM_<NAME>` declares; what a resolver says. Thread-safe.

    Args:
        health: Shared by all chains of this registry; a tracker of its own otherwise.
        policy: How long its chains try. A chain with a target whose answers may take any time
            (`Access.unbounded`) has no deadline of its own.
        observer: Told of every event of its chains.
        classifier: Says what a failure means.
        clock: Tells, spends and limits time.
        environ: Where variables are looked up; none by default. Those that declare a provider are
            read when the registry is first used; one named like a registered provider replaces
            it, with one warning. Later ones are found when their name is asked for.
        schemes: How a variable's DSN becomes a provider, by scheme.

    Example:
        >>> from majordomo.providers.fake import FakeProvider
        >>> registry = ModelRegistry()
        >>> registry.register("fake", FakeProvider())
        >>> registry.alias("fast", "fake/small,fake/smaller")
        >>> registry.parse("fake/large,fast")
        <Chain fake/large,fake/small,fake/smaller>
    """

    def __init__(
        self,
        *,
        health: HealthTracker | None = None,
        policy: ChainPolicy = ChainPolicy(),
        observer: Observer | None = None,
        classifier: Classifier = classify,
        clock: Clock = SYSTEM_CLOCK,
        environ: Mapping[str, str] = _NOTHING,
        schemes: Mapping[str, BuildProvider] = _NO_SCHEMES,
    ) -> None:
        self.health = HealthTracker(clock) if health is None else health
        self._policy = policy
        self._observer = observer
        self._classifier = classifier
        self._clock = clock
        self._environment = Environment(environ, schemes)
        self._resolvers: tuple[Resolver, ...] = ()
        self._book = NameBook(self._environment, deferring=lambda: bool(self._resolvers))

    def register(
        self,
        name: str,
        provider: Provider | MakeProvider,
        *,
        default_model: str | None = None,
        source: Source = Source.REGISTERED,
    ) -> None:
        """Register a provider under a name; a second one of that name replaces the first.

        Args:
            name: Lower-case letters, digits and hyphens.
            provider: The provider, or a function that makes it on first use.
            default_model: Model id meant by the bare provider name; without it, a bare name does
                not resolve.
            source: Where it comes from, for `describe`.

        Raises:
            ConfigError: A spec could not name it.
        """
        make = provider if callable(provider) else lambda: provider
        self._book.add_provider(name, Entry(make=make, source=source, default_model=default_model))

    def alias(self, name: str, spec: str) -> None:
        """Let a name stand for a spec; a second one of that name replaces the first.

        The spec is read when the name is used, so it may hold names that are defined later.

        Raises:
            ConfigError: A spec could not name it, or it already means a model.
        """
        self._book.add_alias(name, spec)

    def resolver(self, resolver: Resolver) -> Resolver:
        """Ask a function for names that nothing else knows, once per request; a decorator, too.

        Several are asked in the order they were added. What one says is parsed again, under the
        same guard against cycles. A synchronous one runs on the event loop, so it must not block.
        What one raises is raised from the request, unchanged.
        """
        self._resolvers = (*self._resolvers, resolver)
        return resolver

    @property
    def names(self) -> tuple[str, ...]:
        """Registered provider names, in order."""
        return tuple(self._book.providers)

    def provider(self, name: str) -> Provider:
        """The provider of that name.

        Raises:
            UnknownModel: None is registered.
            DSNError: The variable that declares it cannot be read.
        """
        return self._book.provider(name)

    def parse(self, spec: str) -> Chain | DynamicModel:
        """The model a spec means. Nothing is dialled, and no resolver asked.

        A single target is a chain of one, with the same retries and health. A spec with names that
        only a resolver may know gives a model that looks them up at the start of every request.

        Args:
            spec: Elements with commas between them: `provider/model`, `provider:model` or aliases.

        Raises:
            UnknownModel: A name means nothing, or a model id is missing.
            SpecError: The text does not follow the grammar; an alias stands for itself.
            DSNError: The variable that declares a provider cannot be read.
        """
        elements = expand(spec, self._book)
        targets = [element for element in elements if isinstance(element, TargetName)]
        if len(targets) == len(elements):
            return self._build(targets)
        lookup = _Lookup(self._book, self._resolvers, self._build, self._book)
        return DynamicModel(elements, lookup)

    async def resolve(self, spec: str, *resolvers: Resolver) -> Chain:
        """The chain a spec means now. Nothing is dialled.

        Args:
            spec: As `parse` reads it.
            resolvers: Asked after the registry's own, for this spec alone.

        Raises:
            UnknownModel: A name means nothing, or a model id is missing.
            SpecError: The text does not follow the grammar; an alias stands for itself.
            DSNError: The variable that declares a provider cannot be read.
        """
        names = _Deferring(self._book)
        lookup = _Lookup(self._book, (*self._resolvers, *resolvers), self._build, names)
        return self._build(await look_up(expand(spec, names), lookup))

    def _build(self, targets: Sequence[TargetName]) -> Chain:
        providers = [self._book.provider(target.provider) for target in targets]
        policy = self._policy
        if policy.deadline_s is not None and any(access_of(p).unbounded for p in providers):
            policy = replace(policy, deadline_s=None)
        models: list[Model] = [
            provider.model(target.model)
            for provider, target in zip(providers, targets, strict=True)
        ]
        return Chain(
            models,
            health=self.health,
            policy=policy,
            clock=self._clock,
            observer=self._observer,
            classifier=self._classifier,
        )

    def image_model(self, spec: str) -> ImageModel:
        """The image model a spec means: one target of a provider that draws. Nothing is dialled.

        Args:
            spec: `provider/model`, or an alias of one.

        Raises:
            UnknownModel: The name means nothing, or a model id is missing.
            ConfigError: It means several targets, or its provider does not draw.
        """
        elements = expand(spec, self._book)
        if len(elements) != 1 or not isinstance(elements[0], TargetName):
            raise ConfigError(f"{spec!r} is no single target; name one provider/model for images")
        target = elements[0]
        provider = self._book.provider(target.provider)
        if not isinstance(provider, ImageProvider):
            raise ConfigError(f"provider {target.provider!r} makes no images")
        return provider.image_model(target.model)

    def describe(self) -> tuple[Listing, ...]:
        """Every name: providers, then aliases, then variables that may be aliases.

        Providers are made for it, but nothing is dialled; what keeps one from being made is told
        as missing.
        """
        aliases = self._book.aliases
        return (
            *(self._listing(name, entry) for name, entry in self._book.providers.items()),
            *(
                Listing(name=name, source=Source.ALIAS, is_alias=True, spec=spec)
                for name, spec in aliases.items()
            ),
            *self._variable_aliases(),
        )

    def _listing(self, name: str, entry: Entry) -> Listing:
        try:
            access = access_of(self._book.provider(name))
        except ConfigError as error:
            access = Access(missing=str(error))
        return Listing(
            name=name,
            source=entry.source,
            variable=entry.variable,
            access=access,
            default_model=entry.default_model,
        )

    def _variable_aliases(self) -> Iterator[Listing]:
        for variable, name, _ in self._environment.aliases():
            if name not in self._book.aliases:
                yield Listing(name=name, source=Source.VARIABLE, is_alias=True, variable=variable)


class _Deferring:
    """The names of a book, where a resolver may know every other; satisfies `Names`."""

    def __init__(self, book: NameBook) -> None:
        self.is_provider = book.is_provider
        self.default_model = book.default_model
        self.alias = book.alias

    def unknown(self, text: str, secret: str) -> None:
        """See `Names.unknown`."""


class _Lookup:
    """What a `DynamicModel` asks; satisfies `Lookup`."""

    def __init__(
        self,
        book: NameBook,
        resolvers: Sequence[Resolver],
        build: Callable[[Sequence[TargetName]], Chain],
        names: Names,
    ) -> None:
        self.names = names
        self.resolvers = resolvers
        self._book = book
        self._build = build

    def build(self, targets: Sequence[TargetName]) -> Chain:
        """See `Lookup.build`."""
        return self._build(targets)

    def error(self, name: Dynamic) -> UnknownModel:
        """See `Lookup.error`."""
        return self._book.error(name.name, name.secret)
