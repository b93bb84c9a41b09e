"""What one name means now: a look-up in configuration and table, through the registry's grammar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from executus.config import Config, EnvironmentSource
from executus.errors import SetupError
from executus.model.errors import TierUnusable
from executus.model.table import TierEntry
from majordomo.chain import Chain
from majordomo.errors import ConfigError, UnknownModel
from majordomo.llm import ReachedProvider
from majordomo.models import ModelRegistry

__all__ = ["TierLookup", "missing", "tier_key", "tier_variable"]

_NOT_IN_TIERS = frozenset("/:,")


def tier_key(tier: str) -> str:
    """The configuration key of a tier."""
    return f"tier.{tier}"


def tier_variable(tier: str) -> str:
    """The variable that configures a tier, where the environment does."""
    return EnvironmentSource().variable(tier_key(tier))


def missing(registry: ModelRegistry, provider: str) -> str:
    """What has to be done before a provider can be asked; empty when nothing has."""
    try:
        found = registry.provider(provider)
    except UnknownModel:
        return f"register the provider {provider!r}"
    except ConfigError as error:
        return str(error)
    return found.access.missing if isinstance(found, ReachedProvider) else ""


class TierLookup:
    """One look-up; remembers what it was asked.

    Args:
        registry: Reads specs, and knows which keys are set.
        config: Where tiers may be configured.
        table: What tiers mean otherwise.

    Attributes:
        configured: Specs of the tiers that were found in the configuration.
        tabled: Entries of those that were found in the table, without a key included.
        unknown: Names that are no tier.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        config: Config,
        table: Mapping[str, Sequence[TierEntry]],
    ) -> None:
        self._registry = registry
        self._config = config
        self._table = table
        self.configured: dict[str, str] = {}
        self.tabled: dict[str, tuple[TierEntry, ...]] = {}
        self.unknown: set[str] = set()

    async def chain(self, spec: str) -> Chain:
        """The chain a spec means now.

        Raises:
            UnknownModel: A name is neither a model nor a tier.
            ConfigError: A spec cannot be read; see `ModelRegistry.resolve`.
            TierUnusable: Only models of the table are left, and none of them has a key.
        """
        try:
            chain = await self._registry.resolve(spec, self._tier)
        except UnknownModel as error:
            if error.name not in self.unknown:
                raise
            raise self._unknown(error) from None
        self._require_one(chain)
        return chain

    async def _tier(self, name: str) -> str | None:
        """What a name stands for, as a spec; satisfies `Resolver`."""
        if not _NOT_IN_TIERS.isdisjoint(name):
            return None
        text = await self._config.get(tier_key(name))
        if text is not None:
            if "://" in text:  # a provider's address, and perhaps its token
                raise SetupError(
                    f"the tier {name!r} is configured as a URL; declare the provider as "
                    "LLM_<NAME>=scheme://token@host, and the tier as <name>/MODEL"
                )
            self.configured[name] = text
            return text
        entries = tuple(self._table.get(name, ()))
        if not entries:
            self.unknown.add(name)
            return None
        self.tabled[name] = entries
        return ",".join(map(str, self._usable(entries) or self._known(name, entries)))

    def _usable(self, entries: Sequence[TierEntry]) -> list[TierEntry]:
        return [one for one in entries if not missing(self._registry, one.provider)]

    def _known(self, tier: str, entries: Sequence[TierEntry]) -> list[TierEntry]:
        """Those of registered providers: without a key a chain skips them, and says why."""
        registered = set(self._registry.names)
        known = [one for one in entries if one.provider in registered]
        if not known:
            raise self._unusable(tier, entries)
        return known

    def _require_one(self, chain: Chain) -> None:
        if self.tabled and all(missing(self._registry, m.target.provider) for m in chain.models):
            tier, entries = next(iter(self.tabled.items()))
            raise self._unusable(tier, entries)

    def _unusable(self, tier: str, entries: Sequence[TierEntry]) -> TierUnusable:
        lacks = [missing(self._registry, one.provider) for one in entries]
        return TierUnusable(tier, [one for one in lacks if one], tier_variable(tier))

    def _unknown(self, error: UnknownModel) -> UnknownModel:
        name = error.name
        return UnknownModel(
            name,
            known=[*self._table, *error.known],
            hint=f"tiers: {', '.join(self._table) or 'none'}; write provider/model, or define it "
            f"as a tier in {tier_variable(name)}",
        )
