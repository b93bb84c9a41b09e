"""The events of the agent loop and of chains in the vocabulary of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from executus import events
from executus.run.leg import Leg
from executus.run.state import RunState
from majordomo import agent, chain, llm
from majordomo.agent import AgentEvent
from majordomo.agent.hooks import call_observer

__all__ = ["FROM_LOOP", "route_observer", "translator"]

FROM_LOOP = frozenset(
    kind.kind
    for kind in (
        events.AnswerStarted,
        events.TextDelta,
        events.ThinkingDelta,
        events.ToolCalled,
        events.ToolAnswered,
        events.StepEnded,
        events.Steered,
        events.Compacted,
    )
)
"""Event kinds that come out of the loop stage."""


def translator(state: RunState[Any], leg: Leg) -> Callable[[AgentEvent], None]:
    """A function that tells the run's sinks, and the agent's observers, what the loop emits."""
    emit, observers = _teller(state, str(leg.model.target)), state.agent.hooks.observers
    if not observers:
        return emit

    def emit_to_all(event: AgentEvent) -> None:
        emit(event)
        for observer in observers:
            call_observer(observer, event)

    return emit_to_all


def _teller(state: RunState[Any], model: str) -> Callable[[AgentEvent], None]:
    tell = state.tell

    def emit(event: AgentEvent) -> None:
        match event:
            case llm.TextDelta():
                tell(events.TextDelta, text=event.text)
            case llm.ThinkingDelta():
                tell(events.ThinkingDelta, text=event.text)
            case agent.StepStarted():
                tell(events.AnswerStarted, step=event.index, model=model)
            case agent.StepFinished():
                _step(state, event.step)
            case agent.ToolStarted():
                call = event.call
                tell(events.ToolCalled, call_id=call.id, tool=call.name, arguments=call.arguments)
            case agent.ToolFinished():
                _answered(state, event.result)
            case agent.Steered():
                tell(events.Steered, messages=len(event.messages))
            case agent.Compacted():
                _compacted(state, event)
            case _:
                return  # pieces of calls and running usage: told whole, later

    return emit


def _compacted(state: RunState[Any], event: agent.Compacted) -> None:
    """Tell of a new fold; the loop tells each time that one is sent."""
    folds = sum(compactor.folds for compactor in state.compactors)
    if state.compactors and folds == state.folds_told:
        return
    state.folds_told = folds
    state.tell(events.Compacted, before=event.before, after=event.after)


def _answered(state: RunState[Any], result: llm.ToolResultPart) -> None:
    state.tell(
        events.ToolAnswered,
        call_id=result.call_id,
        tool=result.name,
        text=result.text,
        is_error=result.is_error,
        images=len(result.images),
    )


def _step(state: RunState[Any], step: agent.Step) -> None:
    response = step.response
    cost = state.spending.price(response.target, response.usage)
    state.tell(
        events.StepEnded,
        step=step.index,
        model=str(response.target),
        finish_reason=response.finish_reason,
        tool_calls=len(step.results),
        input_tokens=response.usage.input,
        output_tokens=response.usage.output,
        cost=None if cost is None else str(cost),
    )


def route_observer(state: RunState[Any]) -> chain.Observer:
    """A function that tells the run's sinks what chains do."""

    def observe(event: chain.ChainEvent) -> None:
        state.tell(events.ModelRouted, model=str(event.target), **_route(event))

    return observe


def _route(event: chain.ChainEvent) -> dict[str, Any]:
    match event:
        case chain.Attempt():
            return {"action": "attempt"}
        case chain.Retry():
            return {"action": "retry", "reason": str(event.cause), "wait_s": event.wait_s}
        case chain.Bench():
            return {"action": "bench", "reason": str(event.cause), "wait_s": event.left_s}
        case chain.Skip():
            return {"action": "skip", "reason": event.reason}
        case chain.Advance():
            to = "" if event.to is None else str(event.to)
            return {"action": "advance", "reason": str(event.cause), "to": to}
        case chain.Success():
            return {"action": "success"}
