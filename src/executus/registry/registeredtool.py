"""A tool as the harness knows it: the name grants speak of, and its policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from executus.registry.toolpolicy import ToolPolicy, own_policy
from majordomo.agent import as_tool
from majordomo.llm import Tool

__all__ = ["RegisteredTool", "own_tool", "wire_name"]


def wire_name(name: str) -> str:
    """The name a model sees: providers allow no dots."""
    return name.replace(".", "__")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredTool:
    """A tool, under the name that grants and rules speak of.

    Attributes:
        name: `toolset.tool`, or a tool's own name when an agent brought it itself.
        tool: The tool under the name a model sees, with the policy's timeout.
        policy: What it does and needs.
    """

    name: str
    tool: Tool
    policy: ToolPolicy

    @property
    def toolset(self) -> str:
        """The part of the name before the dot; empty for an agent's own tool."""
        return self.name.rpartition(".")[0]


def registered(name: str, tool: Tool, policy: ToolPolicy) -> RegisteredTool:
    """A tool under a name, fitted to it and to its policy.

    Raises:
        ToolDefinitionError: The name is not portable once it is a model's.
    """
    fitted = replace(tool, name=wire_name(name), timeout_s=policy.timeout_s)
    return RegisteredTool(name=name, tool=fitted, policy=policy)


_own: WeakKeyDictionary[Tool, RegisteredTool] = WeakKeyDictionary()


def own_tool(item: Tool | Callable[..., Any]) -> RegisteredTool:
    """A tool, or a typed function, that an agent brings itself: its name as it is.

    What is cut off its results is kept only where its policy says so: an agent of few tools should
    not be offered one more by surprise.
    """
    tool = as_tool(item)
    found = _own.get(tool)  # an agent's tools are the same in each of its runs
    if found is None:
        found = registered(tool.name, tool, own_policy(tool, keep_overflow=False))
        _own[tool] = found
    return found
