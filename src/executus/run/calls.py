"""The path of one tool call: counted → allowed → recorded → made → recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from executus.asking import InputRequest, forget_call, is_of, request_id
from executus.errors import RunStopped
from executus.events import ToolDenied
from executus.money import Money
from executus.registry import (
    ALLOW_GRANTED,
    Allow,
    Ask,
    CallRequest,
    Deny,
    Effect,
    PermissionStage,
    RegisteredTool,
    RunTools,
    decide_call,
    denied_result,
    wire_name,
)
from executus.run.approval import ask_person
from executus.run.journal import JournalConflict, digest
from executus.run.leg import Leg
from executus.run.state import RunState, told
from executus.run.toolrun import ToolRun
from executus.runservices import ToolListing
from majordomo.llm import CallSuspended, ToolCallPart, ToolResultPart

__all__ = ["CallPath", "save"]


class CallPath:
    """How the calls of one phase are answered, those of the model and those its tools make.

    Args:
        state: The run.
        leg: The phase.
    """

    def __init__(self, state: RunState[Any], leg: Leg) -> None:
        self._state = state
        self._offered = leg.tools
        self._on_demand = leg.on_demand

    async def answer(self, call: ToolCallPart) -> ToolResultPart:
        """Answer a call of the model.

        Raises:
            CallSuspended: The answer comes later.
            RunStopped: Another process goes on with this run.
        """
        state = self._state
        if state.loop is not None:
            state.journal.follow(state.loop)  # the step is noted before what came of it
        state.count()
        return await self._answer(call, self._offered)

    async def answer_inner(self, call: ToolCallPart) -> ToolResultPart:
        """Answer a call that a tool makes; once for each id, also over a resumption.

        Raises:
            CallSuspended: The answer comes later.
            RunStopped: Another process goes on with this run.
        """
        call = replace(call, name=wire_name(call.name))
        what, known = self._state.inner.pop(call.id, ("", None))
        if known is not None and what == digest(call):
            return known
        on_demand = self._on_demand
        if on_demand is not None and self._offered.find(call.name) is None:
            return await self._answer(call, on_demand)
        return await self._answer(call, self._offered)

    def listing(self) -> Sequence[ToolListing]:
        """What may be called."""
        return [
            ToolListing(
                name=entry.name,
                description=entry.tool.description,
                parameters=entry.tool.parameters,
                on_demand=tools is not self._offered,
            )
            for tools in (self._offered, self._on_demand)
            if tools is not None
            for entry in tools.entries
        ]

    async def _answer(self, call: ToolCallPart, tools: RunTools) -> ToolResultPart:
        state = self._state
        if state.tool_calls >= state.info.limits.max_tool_calls:
            return _used_up(state, call)
        state.tool_calls += 1
        cost: Money | None = None
        result = _doubted(state, call)
        if result is None:
            try:
                result, cost = await self._execute(call, tools)
            except CallSuspended:
                state.tool_calls -= 1  # counted when it is made
                raise
        _settle(state, call, result, cost)
        if state.journal.on:
            await save(state)
        return result

    async def _execute(
        self, call: ToolCallPart, tools: RunTools
    ) -> tuple[ToolResultPart, Money | None]:
        """Make a call that may be made; the result, and what the tool itself cost."""
        state, tool = self._state, tools.find(call.name)
        cost: Money | None = None
        if tool is None:
            _tell_why(state, tools, call)
        else:
            denied = await _permit(state, tool, call) or await _record(state, tool, call)
            if denied is not None:
                return denied, None
            limit = state.info.limits.max_cost
            cost = state.spending.count_tool(tool.policy.cost, limit.currency if limit else "USD")
        run = ToolRun(state, call, self)
        return await tools.execute(call, deps=state.invocation.deps, run=run), cost


def _used_up(state: RunState[Any], call: ToolCallPart) -> ToolResultPart:
    limit = state.info.limits.max_tool_calls
    text = f"this run's {limit} tool calls are used up; answer with what you have"
    return _denied(state, call, text, "limit")


def _denied(state: RunState[Any], call: ToolCallPart, reason: str, stage: str) -> ToolResultPart:
    state.tell(ToolDenied, call_id=call.id, tool=call.name, stage=stage, reason=reason)
    return denied_result(call, reason, PermissionStage.CALL)


def _tell_why(state: RunState[Any], tools: RunTools, call: ToolCallPart) -> None:
    denial = tools.why_not(call.name)
    if denial is not None:
        state.tell(
            ToolDenied,
            call_id=call.id,
            tool=call.name,
            stage=denial.stage,
            reason=denial.reason,
        )


def _doubted(state: RunState[Any], call: ToolCallPart) -> ToolResultPart | None:
    """The answer to a call that an earlier process began and did not finish."""
    if call.id not in state.in_doubt:
        return None
    state.in_doubt.discard(call.id)
    state.warn(f"{call.name} ({call.id}) was begun by a process that ended: it is in doubt")
    return ToolResultPart(
        call_id=call.id,
        name=call.name,
        text=(
            f"in doubt: {call.name} was begun before an interruption and may have taken effect; "
            "it was not repeated. Find out what happened before you call it again"
        ),
        is_error=True,
    )


async def _permit(
    state: RunState[Any], tool: RegisteredTool, call: ToolCallPart
) -> ToolResultPart | None:
    """Ask the policy, and the person it names; what refuses the call, or None."""
    if state.kit.policy is ALLOW_GRANTED:  # nobody reads the request
        return None
    info = state.info
    request = CallRequest(
        run_id=info.run_id, agent=info.agent, caller=info.caller, tool=tool, call=call
    )
    decision = await decide_call(
        state.kit.policy,
        request,
        clock=state.kit.clock,
        timeout_s=info.limits.port_timeout_s,
    )
    match decision:
        case Allow():
            return None
        case Deny(reason=reason):
            return _denied(state, call, reason, "call")
        case Ask(question=question):
            return await _approve(state, tool, call, question)


async def _approve(
    state: RunState[Any], tool: RegisteredTool, call: ToolCallPart, question: str
) -> ToolResultPart | None:
    info = state.info
    request = InputRequest(
        id=request_id(call.id),
        run_id=info.run_id,
        agent=info.agent,
        caller=info.caller.id,
        kind="approval",
        question=question,
        tool=tool.name,
        arguments=call.arguments,
    )
    answer = await ask_person(state, request)
    if answer.approved:
        return None
    return _denied(state, call, answer.text or "the approval was refused", "approval")


async def _record(
    state: RunState[Any], tool: RegisteredTool, call: ToolCallPart
) -> ToolResultPart | None:
    """Write down that a call which must not be made twice is about to be made."""
    if not state.journal.on:
        return None
    if tool.policy.idempotent or tool.policy.effect is Effect.READ:
        return None
    state.journal.call(call.id)
    if await save(state):
        return None
    return _denied(state, call, "it could not be recorded, so it was not made", "journal")


def _settle(
    state: RunState[Any], call: ToolCallPart, result: ToolResultPart, cost: Money | None
) -> None:
    """Note the result, and forget what belonged to the call: its id may come again."""
    for by_request in (state.answers, state.asked, state.inner):
        if by_request:
            forget_call(by_request, call.id)
    if state.in_doubt:
        state.in_doubt = {doubted for doubted in state.in_doubt if not is_of(doubted, call.id)}
    state.journal.result(call, result, cost)


async def save(state: RunState[Any]) -> bool:
    """Write the journal; a failure becomes a warning.

    Returns:
        Whether it is written.

    Raises:
        RunStopped: Another process goes on with this run.
    """
    try:
        await state.journal.flush()
    except JournalConflict as error:
        raise RunStopped(str(error)) from error
    except Exception as error:  # noqa: BLE001 - an optional port never ends a run
        state.warn(f"checkpointer.append failed: {told(error)}")
        return False
    return True
