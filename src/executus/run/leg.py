"""One phase of a run, resolved, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from executus.registry import RunTools
from majordomo.agent import Loop, Step
from majordomo.llm import Message, Model, Settings, Usage
from majordomo.llm.outputtype import OutputType

__all__ = ["Leg", "LegRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One phase with everything found that it names.

    Attributes:
        name: Empty for an agent without phases.
        model, system, tools, output, settings: What its loop is made of.
        on_demand: Tools that are not offered, but found and called by others; None for none.
    """

    name: str
    model: Model
    system: str
    tools: RunTools
    on_demand: RunTools | None
    output: OutputType[Any]
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRecord:
    """What a phase came to, or has come to so far.

    Attributes:
        new_messages: Its transcript without the run's history.
        steps: Its model calls.
        usage: Tokens this process spent on it.
        asked: Model calls this process began for it.
        output: Its answer; None when it has none.
        loop: Its loop; None when an earlier process ran it.
    """

    new_messages: Sequence[Message]
    steps: Sequence[Step]
    usage: Usage = Usage()
    asked: int = 0
    output: Any = None
    loop: Loop[Any] | None = None

    @classmethod
    def of(cls, loop: Loop[Any]) -> Self:
        """What a loop stands at."""
        return cls(
            new_messages=loop.messages[loop.new_from :],
            steps=tuple(loop.steps),
            usage=loop.usage,
            asked=loop.asked,
            output=loop.result.output if loop.result else None,
            loop=loop,
        )
