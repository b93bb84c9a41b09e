"""Reads a journal back: what a run that was paused or killed had done."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from executus.asking import Answered, InputAnswer, InputRequest, forget_call, is_of
from executus.errors import RunRejected
from executus.identity import Caller
from executus.invocation import Limits
from executus.money import Money
from executus.pendingattach import Attachment
from executus.run.journal import JOURNAL_VERSION
from majordomo.agent import Step
from majordomo.llm import (
    FinishReason,
    Message,
    Response,
    Role,
    Target,
    ToolResultPart,
    Usage,
    load_messages,
)

__all__ = ["RestoredPhase", "RestoredRun", "Unsettled", "restore"]


@dataclass(slots=True)
class RestoredPhase:
    """What one phase had done.

    Attributes:
        messages: Its transcript.
        steps: Its model calls; the last one's results may be missing in the transcript.
        answered: Results that are known of the open step, by call id.
        in_doubt: Calls of the open step that were begun and have no result.
        digests: What was called, of each in `answered`.
    """

    messages: list[Message] = field(default_factory=list[Message])
    steps: list[Step] = field(default_factory=list[Step])
    answered: dict[str, ToolResultPart] = field(default_factory=dict[str, ToolResultPart])
    in_doubt: set[str] = field(default_factory=set[str])
    digests: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def open_calls(self) -> set[str]:
        """Calls of the last answer that wait for their results."""
        if not self.steps or self.messages[-1] is not self.steps[-1].response.message:
            return set()
        return {call.id for call in self.messages[-1].tool_calls if call.id not in self.answered}


@dataclass(slots=True)
class Unsettled:
    """What was spent since the budget was told.

    Attributes:
        steps: Model calls of the loop.
        aside: Usage and cost of those beside it.
        tools: What tools themselves cost.
    """

    steps: list[Step] = field(default_factory=list[Step])
    aside: list[tuple[Usage, Money | None]] = field(
        default_factory=list[tuple[Usage, "Money | None"]]
    )
    tools: list[Money] = field(default_factory=list[Money])


@dataclass(slots=True, kw_only=True)
class RestoredRun:
    """What a journal says.

    Attributes:
        length: Entries it has.
        phases: In order; the last one is where the run goes on.
        asked: What the run waits for, by request id.
        answers: What was said to that already.
        aside: Usage and cost of model calls beside the loop.
        below: Usage and cost of runs that it dispatched.
        tools_cost: What tools themselves cost.
        unsettled: What a process spent that died before it told the budget.
        attachments: What goes out with the answer.
        inbox: Messages that wait for the next model call.
        tool_calls: Tool calls made.
    """

    run_id: str
    parent: str | None
    agent: str
    caller: Caller
    limits: Limits
    metadata: Mapping[str, Any]
    started: datetime
    new_from: int
    length: int
    phases: list[RestoredPhase]
    asked: dict[str, InputRequest] = field(default_factory=dict[str, InputRequest])
    answers: dict[str, Answered] = field(default_factory=dict[str, Answered])
    aside: list[tuple[Usage, Money | None]] = field(
        default_factory=list[tuple[Usage, "Money | None"]]
    )
    below: list[tuple[Usage, Money | None]] = field(
        default_factory=list[tuple[Usage, "Money | None"]]
    )
    tools_cost: Money | None = None
    unsettled: Unsettled = field(default_factory=Unsettled)
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    inbox: list[Message] = field(default_factory=list[Message])
    tool_calls: int = 0


def restore(run_id: str, entries: Sequence[str]) -> RestoredRun:
    """Read a journal.

    Raises:
        RunRejected: There is none, it is of another version, or an entry is malformed.
    """
    if not entries:
        raise RunRejected(f"there is nothing to resume of run {run_id!r}: it ended, or never began")
    try:
        first = from_json(entries[0])
        if first.get("version") != JOURNAL_VERSION:
            raise RunRejected(
                f"the journal of run {run_id!r} has version {first.get('version')!r}, "
                f"this release reads {JOURNAL_VERSION}"
            )
        run = _begin(first, len(entries))
        for text in entries[1:]:
            _read(run, from_json(text))
        _close_step(run.phases[-1])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunRejected(f"the journal of run {run_id!r} cannot be read: {error}") from error
    return run


def _begin(entry: Mapping[str, Any], length: int) -> RestoredRun:
    caller = entry["caller"]
    return RestoredRun(
        run_id=entry["run_id"],
        parent=entry["parent"],
        agent=entry["agent"],
        caller=Caller(id=caller["id"], name=caller["name"], roles=frozenset(caller["roles"])),
        limits=Limits.from_json(entry["limits"]),
        metadata=entry["metadata"],
        started=datetime.fromisoformat(entry["started"]),
        new_from=entry["new_from"],
        length=length,
        phases=[RestoredPhase(messages=load_messages(entry["messages"]))],
    )


def _read(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    kind = entry["kind"]
    if kind not in _READERS:
        raise ValueError(f"it has an entry of the unknown kind {kind!r}")
    _READERS[kind](run, entry)


def _phase(run: RestoredRun, _: Mapping[str, Any]) -> None:
    _close_step(run.phases[-1])
    run.phases.append(RestoredPhase())


def _said(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    messages = load_messages(entry["messages"])
    if messages[0].role is Role.USER:
        run.inbox.clear()  # it came this far
    _messages(run.phases[-1], messages)


def _answered(run: RestoredRun, _: Mapping[str, Any]) -> None:
    _close_step(run.phases[-1])


def _call(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    run.phases[-1].in_doubt.add(entry["call_id"])


def _asked(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    run.asked = {raw["id"]: InputRequest(**raw) for raw in entry["requests"]}
    phase = run.phases[-1]
    phase.in_doubt -= {
        call for call in phase.in_doubt if any(is_of(request, call) for request in run.asked)
    }


def _resumed(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    run.answers |= {
        key: Answered(request=run.asked[key], answer=InputAnswer(**raw))
        for key, raw in entry["answers"].items()
    }


def _aside(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    spent = (Usage(**entry["usage"]), _money(entry["cost"]))
    run.aside.append(spent)
    run.unsettled.aside.append(spent)


def _below(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    run.below.append((Usage(**entry["usage"]), _money(entry["cost"])))


def _settled(run: RestoredRun, _: Mapping[str, Any]) -> None:
    run.unsettled = Unsettled()


def _attached(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    data = b64decode(entry["data"])
    attachment = Attachment(data=data, media_type=entry["media_type"], name=entry["name"])
    run.attachments.append(attachment)


def _inbox(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    run.inbox = load_messages(entry["messages"])


def _messages(phase: RestoredPhase, messages: Sequence[Message]) -> None:
    for message in messages:
        if message.role is not Role.TOOL:
            _close_step(phase)
            phase.messages.append(message)
            continue
        phase.answered = {result.call_id: result for result in message.tool_results}
        _close_step(phase)


def _step(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    phase = run.phases[-1]
    _close_step(phase)
    run.inbox.clear()  # it stands before this answer
    (message,) = load_messages(entry["messages"])
    response = Response(
        message=message,
        finish_reason=FinishReason(entry["finish_reason"]),
        usage=Usage(**entry["usage"]),
        target=Target(**entry["target"]),
        served_model=entry["served_model"],
        request_id=entry["request_id"],
    )
    phase.messages.append(message)
    step = Step(index=len(phase.steps), response=response)
    phase.steps.append(step)
    run.unsettled.steps.append(step)


def _money(raw: Mapping[str, str] | None) -> Money | None:
    return None if raw is None else Money(**raw)


def _result(run: RestoredRun, entry: Mapping[str, Any]) -> None:
    phase, (message,) = run.phases[-1], load_messages(entry["messages"])
    cost = _money(entry["cost"])
    if cost is not None:
        run.tools_cost = cost if run.tools_cost is None else run.tools_cost + cost
        run.unsettled.tools.append(cost)
    for result in message.tool_results:
        phase.answered[result.call_id] = result
        phase.digests[result.call_id] = entry["digest"]
        phase.in_doubt.discard(result.call_id)
        forget_call(run.asked, result.call_id)
        forget_call(run.answers, result.call_id)
        run.tool_calls += 1


def _close_step(phase: RestoredPhase) -> None:
    """Put the open step's results into the transcript, once all of them are known."""
    if not phase.steps or phase.messages[-1] is not phase.steps[-1].response.message:
        return
    step = phase.steps[-1]
    calls = step.response.message.tool_calls
    if not calls or any(call.id not in phase.answered for call in calls):
        return
    results = tuple(phase.answered[call.id] for call in calls)
    phase.messages.append(Message(role=Role.TOOL, parts=results))
    phase.steps[-1] = Step(index=step.index, response=step.response, results=results)
    phase.answered.clear()
    phase.in_doubt.clear()
    phase.digests.clear()


_READERS: Mapping[str, Callable[[RestoredRun, Mapping[str, Any]], None]] = {
    "phase": _phase,
    "messages": _said,
    "answered": _answered,
    "step": _step,
    "call": _call,
    "result": _result,
    "asked": _asked,
    "settled": _settled,
    "resumed": _resumed,
    "aside": _aside,
    "below": _below,
    "attached": _attached,
    "inbox": _inbox,
}
