"""A skill: a name, instructions and tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from majordomo.errors import ConfigError
from majordomo.llm import Tool, Toolbox

__all__ = ["Skill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """Something an agent can be given; one instance may serve many agents.

    Attributes:
        name: Names it in errors.
        instructions: Appended to the agent's, in the order of its skills.
        tools: Added to the agent's; kept as a tuple.

    Raises:
        ConfigError: The name is empty, or there are neither instructions nor tools.
        ToolDefinitionError: Two of its tools have the same name.
    """

    name: str
    instructions: str = ""
    tools: Sequence[Tool] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ConfigError("a skill needs a name")
        object.__setattr__(self, "tools", tuple(self.tools))
        if not self.instructions.strip() and not self.tools:
            raise ConfigError(f"skill {self.name!r} has neither instructions nor tools")
        Toolbox(self.tools)  # refuses duplicate names
