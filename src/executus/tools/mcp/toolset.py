"""A server's listed tools as tools of ours: names, schemas, and what its hints are worth."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from executus.registry import Effect, PolicyChanges, with_policy
from executus.tools.mcp.naming import portable_names
from executus.tools.mcp.results import read_result
from majordomo.errors import ToolDefinitionError
from majordomo.llm import Tool

__all__ = ["CallByName", "hinted_policy", "make_tools"]

logger = logging.getLogger("executus.tools.mcp")

CallByName: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


def make_tools(
    listed: Sequence[Mapping[str, Any]],
    call: CallByName,
    *,
    toolset: str,
    trust_hints: bool,
    timeout_s: float,
) -> tuple[Tool, ...]:
    """Tools that call the server, in its order; one that cannot be offered is left out, logged."""
    by_name = {str(entry["name"]): entry for entry in reversed(listed)}  # the first one counts
    names = portable_names([str(entry["name"]) for entry in listed], toolset)
    made: list[Tool] = []
    for name, ours in names.items():
        entry = by_name[name]
        changes = hinted_policy(_mapping(entry.get("annotations")), trust=trust_hints)
        changes["timeout_s"] = timeout_s
        try:
            made.append(with_policy(_tool(name, ours, entry, call), **changes))
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


def _tool(name: str, ours: str, entry: Mapping[str, Any], call: CallByName) -> Tool:
    async def handler(arguments: dict[str, Any]) -> object:
        return read_result(await call(name, arguments))

    described = entry.get("description") or entry.get("title") or name
    return Tool.from_schema(ours, str(described), _mapping(entry.get("inputSchema")), handler)


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
