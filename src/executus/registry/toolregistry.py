"""Tool registry: names of the form `toolset.tool`, granted by glob."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from executus.errors import SetupError
from majordomo.agent import as_tool
from majordomo.errors import did_you_mean
from majordomo.llm import Tool
from majordomo.skill import calc_skill, clock_skill

__all__ = ["ToolRegistry", "default_registry", "wire_name"]

_TOOLSET = re.compile(r"[a-z][a-z0-9_]*")


def wire_name(name: str) -> str:
    """The name a model sees: providers allow no dots."""
    return name.replace(".", "__")


class ToolRegistry:
    """Tools under `toolset.tool` names, in the order they were added."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}

    def add(self, toolset: str, tools: Iterable[Tool | Callable[..., Any]]) -> None:
        """Add tools, or plain typed functions, under a toolset's name.

        Raises:
            SetupError: The toolset's name is not `[a-z][a-z0-9_]*`, or a tool of that name, or one
                that would look the same to a model, is there already.
        """
        if not _TOOLSET.fullmatch(toolset) or "__" in toolset:
            raise SetupError(
                f"toolset name {toolset!r}: use lower-case letters, digits and single _"
            )
        taken = {wire_name(name): name for name in self._tools}
        for item in tools:
            tool = as_tool(item)
            name = f"{toolset}.{tool.name}"
            if wire_name(name) in taken:
                raise SetupError(f"tool {name!r} collides with {taken[wire_name(name)]!r}")
            taken[wire_name(name)] = name
            self._tools[name] = replace(tool, name=wire_name(name))

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(self._tools)

    def get(self, name: str) -> Tool:
        """The tool of that name, under the name a model sees.

        Raises:
            SetupError: There is none.
        """
        if name not in self._tools:
            raise SetupError(self._unknown(name))
        return self._tools[name]

    def match(self, patterns: Sequence[str]) -> tuple[str, ...]:
        """The names that match any glob, in registry order.

        Raises:
            SetupError: A pattern matches nothing: a grant nobody can use is a typing error.
        """
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in self._tools):
                raise SetupError(self._unknown(pattern))
        return tuple(name for name in self._tools if any(fnmatchcase(name, p) for p in patterns))

    def _unknown(self, name: str) -> str:
        toolsets = {f"{known.split('.')[0]}.*" for known in self._tools}
        hint = did_you_mean(name, [*self._tools, *toolsets])
        return f"no tool matches {name!r}{hint}; registered: {', '.join(self._tools) or 'none'}"


def default_registry() -> ToolRegistry:
    """The toolsets every executor has: `clock` and `calc`."""
    registry = ToolRegistry()
    registry.add("clock", clock_skill().tools)
    registry.add("calc", calc_skill().tools)
    return registry
