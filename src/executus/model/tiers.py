"""Tiers: models named by what they are for, and what those names mean now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from typing_extensions import TypeForm

from executus.config import ENVIRONMENT, Config
from executus.errors import SetupError
from executus.model.lanes import LaneModel, ProviderLanes
from executus.model.listing import TierListing, TierSource, TierTarget
from executus.model.lookup import TierLookup, missing
from executus.model.table import TIERS, TierEntry
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.chain import Chain
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import MajordomoError
from majordomo.llm import Model, Settings
from majordomo.models import ModelRegistry
from majordomo.structured import Prompt, generate

__all__ = ["DEFAULT_TIER", "MODEL_VARIABLE", "ModelTiers"]

T = TypeVar("T")

DEFAULT_TIER = "workhorse"
MODEL_VARIABLE = "EXECUTUS_MODEL"
"""Names the model of runs that name none: a spec, or a tier."""
LANE_WAIT_S = 30.0
"""Most seconds a request waits in the lane of a target that others can stand in for."""


class ModelTiers:
    """Finds models by tier, or by any model spec.

    A bare name means, in this order: what the registry knows by it (an alias, a provider with a
    model of its own, `LLM_<NAME>`); the spec configured as `tier.<name>`; the models of the table
    whose key is set, in its order. Tiers may stand among the elements of a spec, and in tiers.
    What is configured is read at each `resolve`, so a change counts from the next run on.

    Each model of a chain is wrapped on its own, so that every attempt passes what wraps it, and
    failing over leaves the lane of one provider for that of the next. Where a limit such as
    `lane.openai=8` is configured, the outermost wrapper is that provider's lane; a target that
    others can stand in for is left when its lane has no slot for 30 s, the last one is waited for.

    Args:
        registry: Reads specs, makes models, and keeps their health.
        config: Where tiers and lanes are configured.
        table: What tiers mean otherwise.
        decorate: Wrap each model, the first innermost, such as with `metered`.
        clock: Limits the waiting for lanes.

    Example:
        >>> import anyio
        >>> from executus.config import MappingSource
        >>> tiers = ModelTiers(config=Config(MappingSource({"tier.fast": "fake/a,fake/b"})))
        >>> anyio.run(tiers.resolve, "fake/c,fast")
        <Chain fake/c,fake/a,fake/b>
    """

    def __init__(
        self,
        registry: ModelRegistry = DEFAULT_REGISTRY,
        *,
        config: Config = ENVIRONMENT,
        table: Mapping[str, Sequence[TierEntry]] = TIERS,
        decorate: Sequence[Callable[[Model], Model]] = (),
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._registry = registry
        self._config = config
        self._table = table
        self._decorate = tuple(decorate)
        self._clock = clock
        self._lanes = ProviderLanes(config, clock=clock)

    async def resolve(self, name: str) -> Chain:
        """The model a tier or a spec means now. Nothing is dialled.

        Raises:
            UnknownModel: A name is neither a model nor a tier.
            ConfigError: A spec cannot be read; see `ModelRegistry.resolve`.
            TierUnusable: No model of the tier has its key; it says which to set.
            SetupError: A tier is configured as a URL.
        """
        return await self._dressed(await self._lookup().chain(name))

    async def require(self, name: str) -> Chain:
        """`resolve`, and refuse a model that nobody can be asked for; runs find theirs with this.

        Raises:
            SetupError: Each target lacks a key or an address; the sentence says what to set.
            UnknownModel: As `resolve` does.
            ConfigError: As `resolve` does.
        """
        chain = await self.resolve(name)
        known = set(self._registry.names)  # a provider may call itself otherwise
        lacks = {
            str(model.target): missing(self._registry, model.target.provider)
            for model in chain.models
            if model.target.provider in known
        }
        if len(lacks) == len(chain.models) and all(lacks.values()):
            raise SetupError("; ".join(f"{one} is not set up: {do}" for one, do in lacks.items()))
        return chain

    async def generate(
        self,
        output: TypeForm[T],
        prompt: Prompt,
        *,
        tier: str = DEFAULT_TIER,
        system: str = "",
        settings: Settings = Settings(),
        retries: int = 1,
    ) -> T:
        """Ask a tier for a value of a Python type; see `majordomo.structured.generate`.

        Args:
            output: The type.
            prompt: A text, the parts of one user message, or a conversation.
            tier: A tier, or a model spec.
            system: Instructions that precede the prompt.
            settings: How to answer.
            retries: Times the model may correct an answer that does not fit.

        Raises:
            ConfigError: As `resolve` does; or the type has no JSON Schema.
            SetupError: As `resolve` does.
            OutputError: No answer fitted.
            APIError: A call failed; with several targets, `ChainExhausted`.
        """
        model = await self.resolve(tier)
        return await generate(
            model, output, prompt, system=system, settings=settings, retries=retries
        )

    async def describe(self) -> tuple[TierListing, ...]:
        """The tiers of the table, what they mean now, and what their models lack."""
        return tuple([await self._listing(tier) for tier in self._table])

    async def _listing(self, tier: str) -> TierListing:
        lookup = self._lookup()
        problem, names = "", list[str]()
        try:
            chain = await lookup.chain(tier)
        except MajordomoError as error:
            problem = str(error)
        else:
            names = [str(model.target) for model in chain.models]
        entries = lookup.tabled.get(tier)
        shown = names if entries is None else [str(one) for one in entries]
        return TierListing(
            tier=tier,
            source=_source(lookup, tier),
            spec=",".join(names),
            targets=tuple(map(self._target, shown)),
            problem=problem,
        )

    def _target(self, name: str) -> TierTarget:
        return TierTarget(target=name, missing=missing(self._registry, name.partition("/")[0]))

    def _lookup(self) -> TierLookup:
        return TierLookup(self._registry, self._config, self._table)

    async def _dressed(self, chain: Chain) -> Chain:
        """The chain with its models wrapped."""
        providers = {model.target.provider for model in chain.models}
        lanes = {provider: await self._lanes.lane(provider) for provider in providers}
        last = chain.models[-1]
        wait_s = _lane_wait_s(chain)

        def dress(model: Model) -> Model:
            dressed = model
            for wrap in self._decorate:
                dressed = wrap(dressed)
            lane = lanes[model.target.provider]
            if lane is None:
                return dressed
            max_wait_s = None if model is last else wait_s
            return LaneModel(dressed, lane, max_wait_s=max_wait_s, clock=self._clock)

        dress_any = self._decorate or any(lanes.values())
        return chain.wrapped(dress) if dress_any else chain


def _lane_wait_s(chain: Chain) -> float:
    """Well within a target's share of the chain's time: to overrun that counts against it."""
    deadline_s = chain.policy.deadline_s
    if deadline_s is None:
        return LANE_WAIT_S
    return min(LANE_WAIT_S, deadline_s / len(chain.models) / 4)


def _source(lookup: TierLookup, tier: str) -> TierSource:
    if tier in lookup.configured:
        return TierSource.CONFIGURATION
    return TierSource.TABLE if tier in lookup.tabled else TierSource.ALIAS
