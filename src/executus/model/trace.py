"""Traces of model calls, told to a sink at the start and the end of each."""

from __future__ import annotations

from executus.model.calls import CallOutcome, ModelCall, TraceSink
from executus.model.watched import WatchedModel
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import Model

__all__ = ["NO_TRACE", "traced"]


class _NoTrace:
    async def start(self, call: ModelCall) -> None:
        pass

    async def end(self, call: ModelCall, outcome: CallOutcome) -> None:
        pass


NO_TRACE: TraceSink = _NoTrace()
"""Follows nothing."""


def traced(model: Model, sink: TraceSink, *, clock: Clock = SYSTEM_CLOCK) -> Model:
    """The model, with the start and the end of each call told to a sink.

    Args:
        model: Who is asked; its target, capabilities and streams stay as they are.
        sink: Who is told; `NO_TRACE` leaves the model as it is.
        clock: Measures calls.
    """
    return model if sink is NO_TRACE else WatchedModel(model, sink, clock=clock)
