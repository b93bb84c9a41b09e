"""One model call: what is asked, how it ended, and who is told of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from majordomo.errors import ErrorKind
from majordomo.llm import Request, Response, Target, Usage

__all__ = ["CallEnding", "CallOutcome", "ModelCall", "TraceSink"]


class CallEnding(StrEnum):
    """How a model call ended."""

    ANSWERED = "answered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LEFT = "left"
    """Its reader left a stream before the answer was whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One call of one target; each attempt of a chain is one.

    Attributes:
        id: Unique; the same at its start and its end.
        target: Who is asked.
        streamed: The answer is read as it comes.
        tags: What `tagging` says where the call is made.
        request: What is asked: the whole conversation.
    """

    id: str
    target: Target
    streamed: bool
    tags: Mapping[str, str]
    request: Request = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """What became of a call.

    Attributes:
        ending: How it ended.
        elapsed_s: Seconds from its start to its end; for a stream, to the end of its block.
        usage: Tokens, as far as they are known: of what was cut off, what had come by then.
        error: Why it failed, or was cancelled.
        error_kind: What the failure means; None unless it failed.
        response: The answer, or of a stream the part that came; None when there is none.
    """

    ending: CallEnding
    elapsed_s: float
    usage: Usage
    error: BaseException | None = None
    error_kind: ErrorKind | None = None
    response: Response | None = field(default=None, repr=False)


class TraceSink(Protocol):
    """Follows model calls. What it raises is logged and ignored; it has 2 s each time."""

    async def start(self, call: ModelCall) -> None:
        """A call begins."""
        ...

    async def end(self, call: ModelCall, outcome: CallOutcome) -> None:
        """It has ended, in whatever way; told once, even while its caller is being cancelled."""
        ...
