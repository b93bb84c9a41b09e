"""Usage of models, told to a sink call by call: for meters, bills and statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from executus.model.calls import CallEnding, CallOutcome, ModelCall
from executus.model.watched import WatchedModel
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import ErrorKind
from majordomo.llm import Model, Target, Usage

__all__ = ["NO_USAGE", "UsageRecord", "UsageSink", "metered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """What one model call used; each attempt of a chain is one.

    Attributes:
        target: Who was asked.
        usage: Tokens. Of a call that was cut off, what had come by then, with `requests` 1;
            None means unknown, not nothing.
        elapsed_s: Seconds; for a stream, to the end of its block.
        streamed: The answer was read as it came.
        ending: How it ended.
        error_kind: What its failure means; None unless it failed.
        tags: What `tagging` said where the call was made.
    """

    target: Target
    usage: Usage
    elapsed_s: float
    streamed: bool
    ending: CallEnding
    error_kind: ErrorKind | None
    tags: Mapping[str, str]


class UsageSink(Protocol):
    """Takes note of usage."""

    async def record(self, record: UsageRecord) -> None:
        """A call has ended. What this raises is logged and ignored; it has 2 s."""
        ...


class _NoUsage:
    async def record(self, record: UsageRecord) -> None:
        pass


NO_USAGE: UsageSink = _NoUsage()
"""Takes no note."""


class _Meter:
    """Tells a usage sink of the end of calls; satisfies `TraceSink`."""

    def __init__(self, sink: UsageSink) -> None:
        self._sink = sink

    async def start(self, call: ModelCall) -> None:
        """See `TraceSink.start`."""

    async def end(self, call: ModelCall, outcome: CallOutcome) -> None:
        """See `TraceSink.end`."""
        await self._sink.record(
            UsageRecord(
                target=call.target,
                usage=outcome.usage,
                elapsed_s=outcome.elapsed_s,
                streamed=call.streamed,
                ending=outcome.ending,
                error_kind=outcome.error_kind,
                tags=call.tags,
            )
        )


def metered(model: Model, sink: UsageSink, *, clock: Clock = SYSTEM_CLOCK) -> Model:
    """The model, with the usage of each call told to a sink.

    Args:
        model: Who is asked; its target, capabilities and streams stay as they are.
        sink: Who is told; `NO_USAGE` leaves the model as it is.
        clock: Measures calls.
    """
    return model if sink is NO_USAGE else WatchedModel(model, _Meter(sink), clock=clock)
