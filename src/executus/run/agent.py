"""What an executor runs: an agent as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias

from typing_extensions import TypeVar

from executus.invocation import Limits
from majordomo.agent import Skill
from majordomo.llm import Model, Settings, Tool

__all__ = ["Grant", "RunnableAgent"]

Out = TypeVar("Out", default=str)

Grant: TypeAlias = str | Tool | Callable[..., Any]
"""A glob over registered names (`"web.*"`), a tool, or a typed function to make one of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnableAgent(Generic[Out]):
    """An agent as data: what a saved definition or a host's code boils down to.

    Attributes:
        name: Names it in events, audit and errors.
        instructions: System text.
        model: A model, or its name; None means the executor's default.
        tools: What it may use. Empty grants nothing.
        skills: Each adds its instructions and tools.
        output: Type of the answer.
        settings: How to answer.
        limits: Bounds of its runs instead of the executor's.
    """

    name: str = "agent"
    instructions: str = ""
    model: Model | str | None = None
    tools: Sequence[Grant] = ()
    skills: Sequence[Skill] = ()
    output: type[Out] = str  # pyright: ignore[reportAssignmentType] - the default of Out
    settings: Settings = Settings()
    limits: Limits | None = None
