"""A server's offers as tools of ours: names, and what its hints are worth."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from executus.registry import Effect, PolicyChanges, with_policy
from executus.tools.mcp.naming import portable_names
from executus.tools.mcp.offers import Offer
from majordomo.errors import ToolDefinitionError
from majordomo.llm import Tool

__all__ = ["CallOffer", "hinted_policy", "make_tools"]

logger = logging.getLogger("executus.tools.mcp")

CallOffer: TypeAlias = Callable[[Offer, Mapping[str, Any]], Awaitable[object]]


def make_tools(
    offers: Mapping[str, Offer],
    call: CallOffer,
    *,
    toolset: str,
    trust_hints: bool,
    timeout_s: float,
) -> tuple[Tool, ...]:
    """Tools that call the server, in its order; one that cannot be offered is left out, logged."""
    made: list[Tool] = []
    for name, ours in portable_names(offers, toolset).items():
        changes = hinted_policy(offers[name].hints, trust=trust_hints)
        changes["timeout_s"] = timeout_s
        try:
            made.append(with_policy(_tool(ours, offers[name], call), **changes))
        except ToolDefinitionError as error:
            logger.warning("%s: the tool %r is not offered: %s", toolset, name, error)
    return tuple(made)


def hinted_policy(hints: Mapping[str, Any], *, trust: bool) -> PolicyChanges:
    """What a server's annotations change of the default (write, not idempotent).

    A hint that makes a tool look worse is always believed. One that makes it look harmless is
    believed only with `trust`, and never against a `destructiveHint`.
    """
    changes = PolicyChanges()
    if hints.get("openWorldHint") is True:
        changes["effect"] = Effect.EXTERNAL
    if not trust:
        return changes
    if hints.get("readOnlyHint") is True and hints.get("destructiveHint") is not True:
        changes["effect"] = Effect.READ
    if hints.get("idempotentHint") is True:
        changes["idempotent"] = True
    return changes


def _tool(ours: str, offer: Offer, call: CallOffer) -> Tool:
    async def handler(arguments: dict[str, Any]) -> object:
        return await call(offer, arguments)

    return Tool.from_schema(ours, offer.description, offer.schema, handler)
