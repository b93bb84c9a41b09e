"""What an executor offers by itself: the toolsets that need no host."""

from __future__ import annotations

from collections.abc import Mapping

from executus.egress import Egress
from executus.registry import ToolRegistry
from executus.registry import default_registry as skills_registry
from executus.tools.compose import compose_tools
from executus.tools.meta import meta_tools
from executus.tools.net import dns_tools
from executus.tools.store import store_tools
from executus.tools.web import web_tools
from majordomo.llm import Tool

__all__ = ["default_registry", "default_toolsets"]


def default_toolsets(egress: Egress | None = None) -> Mapping[str, tuple[Tool, ...]]:
    """The toolsets of `default_registry` beside the skills, by name.

    Args:
        egress: The guarded way out; one that reaches the public internet alone otherwise.
    """
    guarded = Egress() if egress is None else egress
    # Toolsets that need no host and no setting belong here, and nothing else does.
    return {
        "store": store_tools(),
        "compose": compose_tools(),
        "meta": meta_tools(),
        "web": web_tools(guarded),
        "net": dns_tools(guarded),
    }


def default_registry(egress: Egress | None = None) -> ToolRegistry:
    """A registry with the skills `clock` and `calc`, and the generic tools that need no host.

    Being in a registry grants nothing: an agent names what it may use. Each call makes a scratch
    store of its own.

    Args:
        egress: See `default_toolsets`.
    """
    registry = skills_registry()
    for toolset, tools in default_toolsets(egress).items():
        registry.add(toolset, tools)
    return registry
