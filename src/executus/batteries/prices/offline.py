"""Prices from the catalogue of `genai-prices`, which comes with its data and needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from executus.batteries.prices.pricetable import Price, PriceTable
from executus.money import Money
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import MissingExtra
from majordomo.llm import Target, Usage

__all__ = ["DEFAULT_CATALOGUES", "OfflinePrices"]

DEFAULT_CATALOGUES: Mapping[str, str] = MappingProxyType(
    {
        "openai": "openai",
        "openai-responses": "openai",
        "anthropic": "anthropic",
        "google": "google",
        "gemini": "google",
        "deepseek": "deepseek",
        "fireworks": "fireworks",
        "groq": "groq",
        "mistral": "mistral",
        "openrouter": "openrouter",
        "together": "together",
        "xai": "x-ai",
    }
)
"""Names of providers, and whose price list holds for them."""


class OfflinePrices:
    """A `PriceSource` on offline data, with the host's own prices before it.

    Only providers in `catalogues` are looked up, by exact name: a server that merely speaks a
    vendor's protocol, or is called after it, has its own prices. Cached and long prompts are priced
    as the vendor does, as far as the data tells; batch and priority tiers are not.

    Args:
        overrides: The host's prices; see `PriceTable`.
        catalogues: Whose price list holds for a provider's name, such as one declared by
            `LLM_<NAME>`; those of `DEFAULT_CATALOGUES` when not given.
        clock: Prices change in time; those of now are taken.

    Raises:
        MissingExtra: `genai-prices` is not installed.
    """

    def __init__(
        self,
        overrides: Mapping[str, Price | None] | None = None,
        *,
        catalogues: Mapping[str, str] = DEFAULT_CATALOGUES,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._overrides = PriceTable(overrides or {})
        self._catalogues = dict(catalogues)
        self._clock = clock
        self._library, self._snapshot = _load()

    def cost(self, target: Target, usage: Usage) -> Money | None:
        """What this usage cost at this target, in USD; None when that is unknown."""
        if self._overrides.knows(target):
            return self._overrides.cost(target, usage)
        catalogue = self._catalogues.get(target.provider)
        if catalogue is None or usage.input is None or usage.output is None:
            return None
        return self._looked_up(catalogue, target.model, usage)

    def _looked_up(self, catalogue: str, model: str, usage: Usage) -> Money | None:
        counted = {
            "input_tokens": usage.input,
            "output_tokens": usage.output,
            "cache_read_tokens": usage.cache_read or 0,
            "cache_write_tokens": usage.cache_write or 0,
        }
        try:
            provider, info = self._snapshot.find_provider_model(model, None, catalogue, None)
            found = info.calc_price(
                self._library.Usage(**counted),
                provider,
                genai_request_timestamp=self._clock.wall(),
            )
        except (LookupError, ValueError):  # not listed; counts that contradict each other
            return None
        if not _whole(found.model_price, usage):
            return None
        return Money(found.total_price)


@lru_cache(maxsize=1)
def _load() -> tuple[Any, Any]:
    """The library, and its own data: not what another part of the program may have downloaded."""
    try:
        library = import_module("genai_prices")
        snapshots = import_module("genai_prices.data_snapshot")
        data = import_module("genai_prices.data")
    except ImportError as error:
        raise MissingExtra("looking prices up", extra="prices") from error
    return library, snapshots.DataSnapshot(providers=data.providers, from_auto_update=False)


def _whole(price: Any, usage: Usage) -> bool:
    """Whether each kind of token that was used has a price, and it is clear which one."""
    unpriced = (usage.input and price.input_mtok is None) or (
        usage.output and price.output_mtok is None
    )
    if unpriced or (price.input_mtok is None and price.output_mtok is None):
        return False
    if usage.requests <= 1:
        return True
    if price.requests_kcount is not None:  # charged once only
        return False
    tiers = [
        tier.start
        for one in (price.input_mtok, price.output_mtok, price.cache_read_mtok)
        for tier in getattr(one, "tiers", ())
    ]
    return not tiers or (usage.input or 0) <= min(tiers)
