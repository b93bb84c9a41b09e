"""One turn of a conversation, and the provider state that rides on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from majordomo.llm.parts import (
    ImagePart,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)

__all__ = ["Message", "ProviderState", "Role", "assistant", "system", "tool_result", "user"]


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """What one provider needs back to accept its own earlier turn; opaque to all others.

    Attributes:
        wire: Wire dialect that wrote it (`anthropic`, `openai`, …).
        provider: Registered provider name it came from.
        model: Model id it came from.
        data: JSON text in that wire's own shape.
    """

    wire: str
    provider: str
    model: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn.

    Attributes:
        role: Who speaks. Results of tools are a `tool` message with `ToolResultPart`s.
        parts: In the order they were said.
        state: Provider state, on assistant messages only.
    """

    role: Role
    parts: tuple[Part, ...]
    state: ProviderState | None = None

    @property
    def text(self) -> str:
        """All text parts, joined without a separator."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def thinking(self) -> str:
        """All reasoning text, joined without a separator."""
        return "".join(part.text for part in self.parts if isinstance(part, ThinkingPart))

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        """The calls in this turn, in order."""
        return tuple([part for part in self.parts if isinstance(part, ToolCallPart)])

    @property
    def tool_results(self) -> tuple[ToolResultPart, ...]:
        """The results in this turn, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolResultPart))

    def without_state(self) -> Message:
        """The same turn with nothing provider-specific on it; itself when there is nothing."""
        return self if self.state is None else replace(self, state=None)


def _parts(content: Iterable[str | Part]) -> tuple[Part, ...]:
    return tuple([TextPart(item) if isinstance(item, str) else item for item in content])


def system(text: str) -> Message:
    """A system message; wires that have a separate field for it move it there."""
    return Message(role=Role.SYSTEM, parts=(TextPart(text),))


def user(*content: str | Part) -> Message:
    """A user message of texts and parts, in order: `user("What is this?", image)`."""
    return Message(role=Role.USER, parts=_parts(content))


def assistant(*content: str | Part, state: ProviderState | None = None) -> Message:
    """An assistant message of texts, calls and other parts, in order."""
    return Message(role=Role.ASSISTANT, parts=_parts(content), state=state)


def tool_result(
    call: ToolCallPart, text: str, *images: ImagePart, is_error: bool = False
) -> Message:
    """A tool message that answers one call."""
    part = ToolResultPart(
        call_id=call.id, name=call.name, text=text, images=images, is_error=is_error
    )
    return Message(role=Role.TOOL, parts=(part,))
