"""The protocol of a skill: instructions and tools that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from majordomo.llm import Tool

__all__ = ["Skill"]


class Skill(Protocol):
    """Adds instructions and tools to an agent; one instance may serve many agents.

    Composition is additive and ordered: instructions are appended in the order of `skills=`.
    """

    @property
    def name(self) -> str:
        """Names it in errors."""
        ...

    @property
    def instructions(self) -> str:
        """Appended to the agent's; may be empty when there are tools."""
        ...

    @property
    def tools(self) -> Sequence[Tool]:
        """Added to the agent's; may be empty when there are instructions."""
        ...
