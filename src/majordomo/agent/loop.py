"""The agent loop: a list of small stages over one state object.

    check_limit → steer → ask → run the calls, or conclude

The loop knows no provider and no chain, and nothing of who listens.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NoReturn

from typing_extensions import TypeVar

from majordomo.agent.errors import (
    AnswerMismatch,
    LoopSuspended,
    MaxSteps,
    ModelFailed,
    ToolLoop,
)
from majordomo.agent.events import Compacted, Steered, StepFinished, StepStarted
from majordomo.agent.hooks import Hooks, LoopView, ToolErrorLimits, call_hook
from majordomo.agent.result import AgentResult, Step
from majordomo.agent.toolcalls import (
    Emit,
    Execute,
    ToolErrors,
    cancelled_result,
    execute_calls,
    truncated_result,
    with_own_ids,
)
from majordomo.errors import MajordomoError
from majordomo.llm import (
    FinishReason,
    Fragments,
    Message,
    Model,
    Request,
    Response,
    Role,
    Settings,
    StreamInterrupted,
    Tool,
    ToolCallPart,
    ToolResultPart,
    Usage,
    user,
)
from majordomo.llm.outputtype import OutputMismatch, OutputType
from majordomo.tasks import checkpoint

__all__ = ["Loop", "LoopLimits", "drive"]

logger = logging.getLogger("majordomo.agent")

Out = TypeVar("Out", default=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopLimits:
    """Bounds of one run.

    Attributes:
        max_steps: Model calls.
        max_parallel_tools: Tool calls of one step that may run at once.
        tool_errors: When failing calls end the run.
        output_retries: Times the model may correct an answer that does not fit the output type.
    """

    max_steps: int = 10
    max_parallel_tools: int = 1
    tool_errors: ToolErrorLimits = ToolErrorLimits()
    output_retries: int = 1


@dataclass(slots=True, kw_only=True)
class Loop(Generic[Out]):
    """One run in progress.

    Attributes:
        model: Who is asked.
        messages: The canonical transcript: only ever appended to.
        system: Instructions; constant over the run, so that prompt caches hold.
        tools: Tools on offer; constant for the same reason.
        execute: Answers a tool call.
        output: What the answer must be.
        settings: How to answer.
        limits: Bounds.
        hooks: The host's functions.
        emit: Told of every event; None when nobody listens, and then no event is built.
        streaming: Read answers as they come, for `emit`.
        fragments: Memory of encoded messages.
        inbox: Messages someone outside wants added before the next model call.
        gate: Asked before each model call, once its messages are complete. What it raises ends the
            run as it is.
        answered: Results of calls at the transcript's end, by call id: known from before, so these
            calls are not executed. See `LoopSuspended`.
        asked: Model calls begun, those that failed or were cancelled included.
        steps, usage: What happened so far.
        steered: Before which step the host's hook was last asked for messages.
    """

    model: Model
    messages: list[Message]
    output: OutputType[Out]
    execute: Execute
    system: str = ""
    tools: tuple[Tool, ...] = ()
    settings: Settings = Settings()
    limits: LoopLimits = LoopLimits()
    hooks: Hooks = Hooks()
    emit: Emit | None = None
    streaming: bool = False
    fragments: Fragments = field(default_factory=Fragments)
    inbox: list[Message] = field(default_factory=list[Message])
    gate: Callable[[], Awaitable[None]] | None = None
    answered: dict[str, ToolResultPart] = field(default_factory=dict[str, ToolResultPart])
    new_from: int = 0
    asked: int = 0
    steps: list[Step] = field(default_factory=list[Step])
    usage: Usage = field(default_factory=Usage)
    result: AgentResult[Out] | None = None
    tool_errors: ToolErrors = field(init=False)
    mismatches: int = 0
    steered: int = -1

    def __post_init__(self) -> None:
        self.tool_errors = ToolErrors(self.limits.tool_errors)

    def view(self) -> LoopView:
        """What hooks see."""
        return LoopView(messages=tuple(self.messages), steps=tuple(self.steps), usage=self.usage)

    def partial(self) -> AgentResult[None]:
        """What the run has achieved so far."""
        return self._result(None)

    def finish(self, output: Out) -> None:
        """The run has its answer."""
        self.result = self._result(output)

    def part(self) -> None:
        """Let go of what drove the loop; what it came to stays. It cannot be driven any more."""
        self.execute, self.gate, self.emit, self.hooks = _parted, None, None, Hooks()

    def _result(self, output: T) -> AgentResult[T]:
        last = self.steps[-1].response if self.steps else None
        return AgentResult(
            output=output,
            messages=tuple(self.messages),
            new_from=self.new_from,
            steps=tuple(self.steps),
            usage=self.usage,
            finish_reason=last.finish_reason if last else None,
            target=last.target if last else None,
        )


async def _parted(call: ToolCallPart) -> ToolResultPart:
    raise AssertionError(f"the loop has ended, and cannot answer {call.name}")


T = TypeVar("T")


async def drive(loop: Loop[Out]) -> AgentResult[Out]:
    """Run the loop to its answer.

    Raises:
        AgentError: It ended without one; `partial` holds what there is.
        LoopSuspended: Calls wait for their answers; fill `answered` and drive the loop again.
        BaseException: Cancellation, unchanged; `loop.partial()` stays readable and valid.
    """
    await finish_step(loop)
    while loop.result is None:
        # Even when nothing in a step waits, a loop must be stoppable and must let others run.
        await checkpoint()
        await take_step(loop)
    return loop.result


async def finish_step(loop: Loop[Out]) -> None:
    """Do what is left of the last step, for a loop that goes on where an earlier one stopped."""
    if not loop.steps or loop.messages[-1] is not loop.steps[-1].response.message:
        return
    await _follow(loop, loop.steps[-1].response)


async def take_step(loop: Loop[Out]) -> None:
    """One model call and what follows from it."""
    await check_limit(loop)
    await steer(loop)
    if loop.gate is not None:
        await loop.gate()
    request = await build_request(loop)
    if loop.emit is not None:
        loop.emit(StepStarted(len(loop.steps)))
    response = await ask(loop, request)
    response = record(loop, response)
    await _follow(loop, response)


async def _follow(loop: Loop[Out], response: Response) -> None:
    calls = response.message.tool_calls
    if calls:
        await run_calls(loop, response, calls)
    elif response.finish_reason is not FinishReason.PAUSE and not loop.inbox:
        conclude(loop, response)
    if loop.emit is not None:
        loop.emit(StepFinished(loop.steps[-1]))


async def check_limit(loop: Loop[Out]) -> None:
    """End the run when it has taken all its steps."""
    limit = loop.limits.max_steps
    if loop.hooks.max_steps is not None:
        limit = await call_hook("max_steps", loop.hooks.max_steps, loop.view(), default=limit)
    if len(loop.steps) >= limit:
        raise MaxSteps(
            f"no answer after {limit} steps; raise max_steps or narrow the task",
            partial=loop.partial(),
        )


async def steer(loop: Loop[Out]) -> None:
    """Add the messages that came from outside, and those the host's hook gives.

    The hook is asked once for a step, also when a model call failed and the loop is driven again.
    """
    added = tuple(loop.inbox)
    loop.inbox.clear()
    if loop.hooks.steer is not None and loop.steered < len(loop.steps):
        loop.steered = len(loop.steps)
        none: Sequence[Message] = ()
        given = await call_hook("steer", loop.hooks.steer, loop.view(), default=none)
        added += tuple(given or ())
    if added:
        loop.messages.extend(added)
        if loop.emit is not None:
            loop.emit(Steered(added))


async def build_request(loop: Loop[Out]) -> Request:
    """What to send: the transcript, or what the compactor made of it."""
    messages: Sequence[Message] = tuple(loop.messages)
    if loop.hooks.compactor is not None:
        compacted = await call_hook("compactor", loop.hooks.compactor, messages, default=messages)
        if compacted is not messages and loop.emit is not None:
            loop.emit(Compacted(len(messages), len(compacted)))
        messages = compacted
    settings = loop.settings
    if loop.hooks.step_settings is not None:
        settings = await call_hook(
            "step_settings", loop.hooks.step_settings, loop.view(), default=settings
        )
    return Request(
        messages=messages,
        system=loop.system,
        tools=loop.tools,
        output=loop.output.schema,
        settings=settings,
        fragments=loop.fragments,
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, MajordomoError):
        return str(error)
    return f"the model raised {type(error).__name__}: {error}"


async def ask(loop: Loop[Out], request: Request) -> Response:
    """One model call."""
    loop.asked += 1
    try:
        if loop.emit is None or not loop.streaming:
            return await loop.model.complete(request)
        async with loop.model.stream(request) as stream:
            async for event in stream:
                loop.emit(event)
            return await stream.response()
    except Exception as error:
        if isinstance(error, StreamInterrupted):
            loop.usage += error.partial.usage  # spent, though no answer came of it
        # Also what a host's own model raises: no path may lose the transcript.
        raise ModelFailed(_sentence(error), partial=loop.partial()) from error


def record(loop: Loop[Out], response: Response) -> Response:
    """Put the answer on the record before anything acts on it.

    Returns:
        The answer as it stands on the record.
    """
    response = with_own_ids(response)
    loop.messages.append(response.message)
    loop.usage += response.usage
    loop.steps.append(Step(index=len(loop.steps), response=response))
    return response


async def run_calls(loop: Loop[Out], response: Response, calls: Sequence[ToolCallPart]) -> None:
    """Execute the calls; whatever happens, each has exactly one result afterwards."""
    results = [loop.answered.pop(call.id, None) for call in calls]
    if response.finish_reason is FinishReason.LENGTH:  # their arguments are incomplete
        results = [truncated_result(call) for call in calls]
        answered = _answer(loop, calls, results)
    else:
        try:
            complete = await execute_calls(
                calls,
                loop.execute,
                results,
                emit=loop.emit,
                limit=loop.limits.max_parallel_tools,
            )
        except BaseException:
            _answer(loop, calls, results)
            raise
        if not complete:
            raise _suspended(loop, calls, results)
        answered = _answer(loop, calls, results)
    reason = loop.tool_errors.count(calls, answered)
    if reason is not None:
        raise ToolLoop(reason, partial=loop.partial())


def _suspended(
    loop: Loop[Out], calls: Sequence[ToolCallPart], results: Sequence[ToolResultPart | None]
) -> LoopSuspended:
    known = tuple(result for result in results if result is not None)
    loop.answered.update((result.call_id, result) for result in known)
    return LoopSuspended(
        pending=tuple(call for call, result in zip(calls, results, strict=True) if result is None),
        answered=known,
        partial=loop.partial(),
    )


def _answer(
    loop: Loop[Out], calls: Sequence[ToolCallPart], results: Sequence[ToolResultPart | None]
) -> tuple[ToolResultPart, ...]:
    answered = tuple(
        result or cancelled_result(call) for call, result in zip(calls, results, strict=True)
    )
    loop.messages.append(Message(role=Role.TOOL, parts=answered))
    step = loop.steps[-1]
    loop.steps[-1] = Step(index=step.index, response=step.response, results=answered)
    return answered


def conclude(loop: Loop[Out], response: Response) -> None:
    """Take the answer, or ask the model to correct it."""
    try:
        loop.finish(loop.output.parse(response.text))
    except OutputMismatch as error:
        loop.mismatches += 1
        if loop.mismatches > loop.limits.output_retries or _cut(response):
            _mismatch(loop, response, error)
        loop.messages.append(user(f"That answer does not fit: {error}. Answer again."))


def _cut(response: Response) -> bool:
    """Asking again would not help: the answer was refused or cut, not wrong."""
    return response.finish_reason in (FinishReason.REFUSAL, FinishReason.CONTENT_FILTER)


def _mismatch(loop: Loop[Out], response: Response, error: OutputMismatch) -> NoReturn:
    reason = "" if response.finish_reason is FinishReason.STOP else f" ({response.finish_reason})"
    shown = " ".join(response.text[:500].split())
    raise AnswerMismatch(
        f"{response.target} gave no valid answer in {loop.mismatches} attempts{reason}: {error}; "
        f"its text: {shown!r}",
        partial=loop.partial(),
    ) from error
