"""Executes the calls of one step: in order, or some at once, results always in call order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import anyio

from majordomo.agent.events import AgentEvent, ToolFinished, ToolStarted
from majordomo.agent.hooks import ToolErrorLimits
from majordomo.llm import CallSuspended, Part, Response, ToolCallPart, ToolResultPart

__all__ = [
    "Emit",
    "Execute",
    "ToolErrors",
    "cancelled_result",
    "execute_calls",
    "truncated_result",
    "with_own_ids",
]

Execute: TypeAlias = Callable[[ToolCallPart], Awaitable[ToolResultPart]]
"""Answers a call. What it raises (cancellation, a host's stop) ends the run, `CallSuspended` after
the step's other calls."""

Emit: TypeAlias = Callable[[AgentEvent], None]


async def execute_calls(
    calls: Sequence[ToolCallPart],
    execute: Execute,
    results: list[ToolResultPart | None],
    *,
    emit: Emit | None,
    limit: int,
) -> bool:
    """Fill `results`, one slot per call, also as far as it got when it is cancelled.

    A slot that is filled already stays as it is, and its call is not executed.

    Args:
        calls: The calls of one answer.
        execute: Answers one call.
        results: As many slots as calls; set in place.
        emit: Told of every start and end; None when nobody listens.
        limit: How many may run at once.

    Returns:
        Whether all were executed; else some were suspended, and their slots stay empty.

    Raises:
        Exception: What `execute` raised first; calls still running are cancelled.
    """
    suspended: list[int] = []

    async def run(index: int) -> None:
        call = calls[index]
        if emit is not None:
            emit(ToolStarted(call))
        try:
            result = results[index] = await execute(call)
        except CallSuspended:
            suspended.append(index)
            return
        if emit is not None:
            emit(ToolFinished(call, result))

    todo = [index for index, result in enumerate(results) if result is None]
    if limit <= 1 or len(todo) <= 1:
        for index in todo:
            await run(index)
    else:
        await _run_together(run, todo, limit)
    return not suspended


async def _run_together(
    run: Callable[[int], Awaitable[None]], todo: Sequence[int], limit: int
) -> None:
    failures: list[BaseException] = []
    slots = anyio.Semaphore(limit)

    async def guarded(index: int) -> None:
        async with slots:
            try:
                await run(index)
            except (anyio.get_cancelled_exc_class(), GeneratorExit):
                raise
            except BaseException as error:  # noqa: BLE001 - raised below, without a group around it
                failures.append(error)
                group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for index in todo:
            group.start_soon(guarded, index)
    if failures:
        raise failures[0]


def cancelled_result(call: ToolCallPart) -> ToolResultPart:
    """Answers a call that never finished, so that the transcript stays valid everywhere."""
    return ToolResultPart(
        call_id=call.id,
        name=call.name,
        text=f"{call.name} was cancelled before it answered; it may or may not have taken effect",
        is_error=True,
    )


def truncated_result(call: ToolCallPart) -> ToolResultPart:
    """Answers a call whose arguments were cut off by the token limit."""
    return ToolResultPart(
        call_id=call.id,
        name=call.name,
        text="the call was cut off by the token limit and not executed; ask for less at once",
        is_error=True,
    )


class ToolErrors:
    """Counts failing calls of one run against its limits."""

    __slots__ = ("_failing_steps", "_limits", "_same")

    def __init__(self, limits: ToolErrorLimits) -> None:
        self._limits = limits
        self._same: dict[tuple[str, str], int] = {}
        self._failing_steps = 0

    def count(self, calls: Sequence[ToolCallPart], results: Sequence[ToolResultPart]) -> str | None:
        """Take note of a step; return why the run must end, or None."""
        for call, result in zip(calls, results, strict=True):
            key = (call.name, call.arguments)
            if not result.is_error:
                self._same.pop(key, None)
                continue
            times = self._same[key] = self._same.get(key, 0) + 1
            if self._limits.same_call is not None and times >= self._limits.same_call:
                return (
                    f"{call.name} failed {times} times with the same arguments; "
                    f"the last error: {result.text}"
                )
        failed = all(result.is_error for result in results)
        self._failing_steps = self._failing_steps + 1 if failed else 0
        if self._limits.steps is not None and self._failing_steps >= self._limits.steps:
            return (
                f"every tool call failed in {self._failing_steps} steps in a row; "
                f"the last error: {results[-1].text}"
            )
        return None


def with_own_ids(response: Response) -> Response:
    """The answer with an id of its own for each call: some servers use one twice.

    An approval or a result would otherwise count for both. Provider state would contradict the new
    ids, so it goes.
    """
    calls = response.message.tool_calls
    if len(calls) < 2 or len({call.id for call in calls}) == len(calls):
        return response
    taken: set[str] = set()
    parts: list[Part] = []
    for part in response.message.parts:
        if isinstance(part, ToolCallPart):
            call_id, number = part.id, 1
            while call_id in taken:
                number += 1
                call_id = f"{part.id}_{number}"
            taken.add(call_id)
            parts.append(replace(part, id=call_id))
        else:
            parts.append(part)
    return replace(response, message=replace(response.message, parts=tuple(parts), state=None))
