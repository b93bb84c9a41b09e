"""A saved skill: something an agent can do, as data that can be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from executus.batteries import definitions
from executus.errors import SetupError
from executus.invocation import Limits
from executus.run import RunnableAgent
from majordomo.llm import Tool
from majordomo.skill import Skill

__all__ = ["SavedSkill", "SkillState"]


class SkillState(StrEnum):
    """Where a skill is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"

    def may_become(self, state: SkillState) -> bool:
        """Whether a skill of this state may be put into another."""
        return state in _NEXT[self]


_NEXT: Mapping[SkillState, frozenset[SkillState]] = {
    SkillState.DRAFT: frozenset({SkillState.ACTIVE, SkillState.ARCHIVED}),
    SkillState.ACTIVE: frozenset({SkillState.ARCHIVED}),
    SkillState.ARCHIVED: frozenset({SkillState.DRAFT}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSkill:
    """A skill.

    Attributes:
        name: Unique in a store.
        instructions: What it tells an agent.
        description: What it is for, for people.
        model: A tier, or the name of a model; None for the executor's default.
        tools: Globs over registered names that it needs.
        limits: Bounds of its runs; None for the executor's.
        test_prompt: What to ask to see whether it works.
        state: Of the skill with all its versions.
        version: Counted by the store from 1; 0 before it is saved.
        extra: Fields that a later release wrote; kept as they are.

    Raises:
        SetupError: The name is empty or has control characters or more than 100 characters, or
            there are no instructions.

    Example:
        >>> haiku = SavedSkill(name="haiku", instructions="Answer as a haiku.")
        >>> haiku.to_runnable().instructions
        'Answer as a haiku.'
    """

    name: str
    instructions: str
    description: str = ""
    model: str | None = None
    tools: tuple[str, ...] = ()
    limits: Limits | None = None
    test_prompt: str = ""
    state: SkillState = SkillState.DRAFT
    version: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False, repr=False)

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 100 or not self.name.isprintable():
            raise SetupError(
                f"a skill needs a printable name of 1 to 100 characters: {self.name!r}"
            )
        if not self.instructions.strip():
            raise SetupError(f"skill {self.name!r} has no instructions")
        object.__setattr__(self, "tools", tuple(self.tools))
        object.__setattr__(self, "state", SkillState(self.state))

    def to_runnable(self) -> RunnableAgent:
        """An agent that does this and nothing else, as for a run on a schedule."""
        return RunnableAgent(
            name=self.name,
            instructions=self.instructions,
            model=self.model,
            tools=self.tools,
            limits=self.limits,
        )

    def as_skill(self, tools: Sequence[Tool] = ()) -> Skill:
        """The skill for `RunnableAgent.skills` or `majordomo.agent.Agent`.

        Args:
            tools: Tools it brings along. Those it names in `tools` are granted by the agent.
        """
        return Skill(name=self.name, instructions=self.instructions, tools=tools)

    def as_json(self) -> dict[str, Any]:
        """The skill as plain JSON values."""
        values = {**self.extra, **{name: getattr(self, name) for name in _NAMES}}
        limits = self.limits and self.limits.as_json()
        return {**values, "tools": list(self.tools), "state": str(self.state), "limits": limits}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote, also by a later release.

        Raises:
            SetupError: A value is out of its range.
        """
        return cls(**definitions.arguments_of(values, _NAMES))


_NAMES = tuple(one.name for one in fields(SavedSkill) if one.name != "extra")
