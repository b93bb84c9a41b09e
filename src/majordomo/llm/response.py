"""What comes back from one model call."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from majordomo.llm.message import Message
from majordomo.llm.parts import ToolCallPart

__all__ = ["FinishReason", "Response", "Target", "Usage"]


class FinishReason(StrEnum):
    """Why the model stopped (the canonical names of wire/README §3).

    Calls in a response cut by `LENGTH` are incomplete and never executed.
    """

    STOP = "stop"
    TOOL_CALLS = "tool_calls"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Target:
    """One model at one provider."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one or more model calls. None means the provider did not say.

    Attributes:
        input: All prompt tokens, cached ones included.
        output: All generated tokens, reasoning included.
        cache_read: Part of `input` that was read from a prompt cache.
        cache_write: Part of `input` that was written to a prompt cache.
        reasoning: Part of `output` that was reasoning.
        requests: Model calls these figures cover, failed ones with usage included.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    requests: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Sum two usages. An unknown input or output keeps the sum unknown, never too small."""
        # `requests` first: it mostly settles it, and comparing all costs as much as adding.
        if not self.requests and self == _NOTHING:
            return other
        if not other.requests and other == _NOTHING:
            return self
        return Usage(
            input=None if self.input is None or other.input is None else self.input + other.input,
            output=(
                None if self.output is None or other.output is None else self.output + other.output
            ),
            cache_read=_sum_known(self.cache_read, other.cache_read),
            cache_write=_sum_known(self.cache_write, other.cache_write),
            reasoning=_sum_known(self.reasoning, other.reasoning),
            requests=self.requests + other.requests,
        )

    @property
    def total(self) -> int | None:
        """Input plus output, or None when either is unknown."""
        return None if self.input is None or self.output is None else self.input + self.output


_NOTHING = Usage()


def _sum_known(a: int | None, b: int | None) -> int | None:
    if a is None:
        return b
    return a if b is None else a + b


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One model call's answer.

    Attributes:
        message: The assistant's turn.
        finish_reason: Why it ended.
        usage: Tokens of this call (`requests` is 1).
        target: The target that answered.
        served_model: Model name the server reported; empty when it reported none.
        request_id: The vendor's id of the request; empty when there was none.
        raw: The body as received, when the request asked for it (`keep_raw`), else None.
    """

    message: Message
    finish_reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    target: Target
    served_model: str = ""
    request_id: str = ""
    raw: bytes | None = None

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.message.text

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        """The calls to execute: none when the answer was cut before they were complete."""
        return () if self.finish_reason is FinishReason.LENGTH else self.message.tool_calls
