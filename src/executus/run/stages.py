"""The path of a run, stage by stage; `execute` in `kernel` walks it.

identify → admit → resolve → open → loop → deliver → close
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast

from executus.errors import RunRejected, SetupError
from executus.events import ModelRouted, RunEnded, RunStarted
from executus.run.agent import Grant
from executus.run.ports import ALL_TOOLS, DISCARD, NO_AUDIT, UNLIMITED
from executus.run.result import RunStatus
from executus.run.state import RunState, RunTally
from executus.run.translate import FROM_LOOP, route_observer, translator
from majordomo.agent import Hooks, Loop, LoopLimits, as_message, as_tool, drive
from majordomo.chain import observing
from majordomo.errors import ConfigError
from majordomo.llm import FinishReason, Tool, Toolbox, ToolCallPart, ToolResultPart, Usage
from majordomo.llm.outputtype import OutputType

__all__ = ["STAGES", "Stage", "announce_end", "close", "flush"]

T = TypeVar("T")

logger = logging.getLogger("executus.run")

MOST_SPOOLED = 1000
_CUT = frozenset({FinishReason.LENGTH, FinishReason.REFUSAL, FinishReason.CONTENT_FILTER})

Stage: TypeAlias = Callable[[RunState[Any]], Awaitable[None]]


async def identify(state: RunState[Any]) -> None:
    """Say who asks for what."""
    info = state.info
    state.tell(RunStarted, agent=info.agent, caller=info.caller.id, parent=info.parent)


async def admit(state: RunState[Any]) -> None:
    """Ask the budget, before anything is spent."""
    budget = state.ports.budget
    if budget is not UNLIMITED:
        await _ask_gate(state, "budget", lambda: budget.reserve(state.info))


async def _ask_gate(state: RunState[Any], name: str, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask a gate within a port's time. One that fails or hangs is closed."""
    timeout_s = state.limits.port_timeout_s
    try:
        with state.clock.deadline(timeout_s):
            return await ask()
    except RunRejected:
        raise
    except Exception as error:
        raise RunRejected(f"the {name} gate failed, so the run was not begun: {error}") from error
    raise RunRejected(
        f"the {name} gate did not answer within {timeout_s:g} s, so the run was not begun"
    )


async def resolve(state: RunState[Any]) -> None:
    """Find the model, the tools and the instructions."""
    try:
        state.model = state.resolve_model(state.agent.model)
        state.toolbox = Toolbox(await _offered(state), clock=state.clock)
    except (ConfigError, SetupError) as error:
        raise RunRejected(str(error)) from error
    texts = (state.system_header, state.agent.instructions)
    skills = (skill.instructions for skill in state.agent.skills)
    state.system = "\n\n".join(text for text in (*texts, *skills) if text)


async def _offered(state: RunState[Any]) -> tuple[Tool, ...]:
    """Granted tools that the palette lets this run see, then those given as they are."""
    patterns = [grant for grant in state.agent.tools if isinstance(grant, str)]
    names: Sequence[str] = state.registry.match(patterns) if patterns else ()
    if names:
        names = await _seen(state, names)
    given = (_own_tool(grant) for grant in state.agent.tools if not isinstance(grant, str))
    skilled = (tool for skill in state.agent.skills for tool in skill.tools)
    return (*(state.registry.get(name) for name in names), *given, *skilled)


async def _seen(state: RunState[Any], names: Sequence[str]) -> Sequence[str]:
    palette = state.ports.palette
    if palette is ALL_TOOLS:
        return names
    seen = await _ask_gate(state, "palette", lambda: palette.visible(state.info, names))
    return [name for name in names if name in seen]


def _own_tool(grant: Grant) -> Tool:
    return as_tool(cast("Tool | Callable[..., Any]", grant))


async def open_run(state: RunState[Any]) -> None:
    """Begin the record."""
    if state.ports.audit is not NO_AUDIT:
        await state.attempt("audit.start_run", lambda: state.ports.audit.start_run(state.info))


async def loop(state: RunState[Any]) -> None:
    """Run the agent loop to its answer."""
    assert state.model is not None  # noqa: S101 - the resolve stage set it
    execute = partial(state.toolbox.execute, deps=state.invocation.deps, run=RunTally(state))
    state.loop = Loop(
        model=state.model,
        messages=[*state.invocation.history, as_message(state.invocation.input)],
        new_from=len(state.invocation.history),
        output=OutputType(state.agent.output),
        execute=_bounded(state, execute),
        system=state.system,
        tools=tuple(state.toolbox),
        settings=state.agent.settings,
        limits=LoopLimits(
            max_steps=state.limits.max_steps,
            max_parallel_tools=state.limits.max_parallel_tools,
        ),
        hooks=Hooks(),
        emit=translator(state) if FROM_LOOP & state.wanted else None,
        streaming=bool({"text", "thinking"} & state.wanted),
        inbox=state.inbox,
    )
    watching = ModelRouted.kind in state.wanted
    with observing(route_observer(state)) if watching else nullcontext():
        result = await drive(state.loop)
    if result.finish_reason in _CUT:
        state.warn(f"the answer is not whole: the model stopped by {result.finish_reason}")
    state.output = _bounded_output(state, result.output)


def _bounded(
    state: RunState[Any], execute: Callable[[ToolCallPart], Awaitable[ToolResultPart]]
) -> Callable[[ToolCallPart], Awaitable[ToolResultPart]]:
    """Count tool calls; past the limit the model is told instead of served."""
    limit = state.limits.max_tool_calls

    async def answer(call: ToolCallPart) -> ToolResultPart:
        if state.tool_calls >= limit:
            return ToolResultPart(
                call_id=call.id,
                name=call.name,
                text=f"this run's {limit} tool calls are used up; answer with what you have",
                is_error=True,
            )
        state.tool_calls += 1
        return await execute(call)

    return answer


def _bounded_output(state: RunState[Any], output: Any) -> Any:
    limit = state.limits.max_output_bytes
    if not isinstance(output, str) or len(output) * 4 <= limit:
        return output
    encoded = output.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return output
    state.warn(f"the answer was cut from {len(encoded)} to {limit} bytes")
    return encoded[:limit].decode("utf-8", "ignore")


async def deliver(state: RunState[Any]) -> None:
    """Take the answer where it belongs."""
    delivery = state.ports.delivery
    if delivery is not DISCARD:
        await state.attempt("delivery", lambda: delivery.deliver(state.info, state.output))
    state.end(RunStatus.OK)


STAGES: tuple[tuple[str, Stage], ...] = (
    ("identify", identify),
    ("admit", admit),
    ("resolve", resolve),
    ("open", open_run),
    ("loop", loop),
    ("deliver", deliver),
)


async def close(state: RunState[Any]) -> None:
    """Settle the budget and write the terminal record, each within its own time.

    Runs in its own task (ADR 0112): no cancellation of the caller reaches it. A record that could
    not be written waits in the executor's spool for the next close stage.
    """
    limit_s, recorded = state.limits.close_timeout_s, False
    with state.clock.deadline(limit_s) as scope:
        await _settle(state)
        recorded = await state.attempt("audit.close_run", partial(_write_record, state))
        if recorded:
            await flush(state.spool)
    if scope.cancelled_caught:
        state.warn(f"the close stage was stopped after its {limit_s:g} s")
    if not recorded:
        state.spool.append(state)
        if len(state.spool) > MOST_SPOOLED:
            lost = state.spool.pop(0)
            logger.error("the terminal record of run %s is lost", lost.info.run_id)


async def _settle(state: RunState[Any]) -> None:
    budget, run_id, usage = state.ports.budget, state.info.run_id, state.usage
    unknown = (state.loop.asked if state.loop else 0) - usage.requests
    if unknown > 0:  # calls that failed or were cut off: what they cost nobody said
        usage += Usage(requests=unknown)
    if usage.requests:
        await state.attempt("budget.commit", lambda: budget.commit(run_id, usage))
    else:
        await state.attempt("budget.release", lambda: budget.release(run_id))


async def _write_record(state: RunState[Any]) -> None:
    await state.ports.audit.close_run(state.info, state.result())


async def flush(spool: list[RunState[Any]]) -> None:
    """Write the terminal records that earlier runs could not, until one fails again."""
    while spool:
        earlier, written = spool.pop(0), False
        try:
            with earlier.clock.deadline(earlier.limits.port_timeout_s):
                await _write_record(earlier)
                written = True
        except Exception:
            logger.exception("the terminal record of run %s waits on", earlier.info.run_id)
        finally:
            if not written:
                spool.insert(0, earlier)
        if not written:
            return


def announce_end(state: RunState[Any]) -> None:
    """Date the end and emit the last event."""
    state.ended = state.clock.wall()
    if RunEnded.kind in state.wanted:
        result = state.result()
        state.tell(
            RunEnded,
            status=result.status,
            error=str(result.error or ""),
            steps=len(result.steps),
            tool_calls=result.tool_calls,
            input_tokens=result.usage.input,
            output_tokens=result.usage.output,
            elapsed_s=state.clock.monotonic() - state.started_monotonic,
        )
