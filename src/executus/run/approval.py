"""How a run asks a person, and waits or pauses for the answer."""

from __future__ import annotations

from typing import Any

from executus.asking import InputAnswer, InputRequest, Pending
from executus.events import InputAnswered, InputAsked
from executus.run.state import RunState, told
from majordomo.llm import CallSuspended

__all__ = ["ask_person"]


async def ask_person(state: RunState[Any], request: InputRequest) -> InputAnswer:
    """Ask, unless the answer is there already.

    Raises:
        CallSuspended: The answer comes later; the request is on the state.
    """
    known = state.answers.get(request.id)
    if known is not None and known.counts_for(request):
        state.asked.pop(request.id, None)
        return _told(state, request, known.answer)
    state.tell(
        InputAsked,
        request_id=request.id,
        ask=request.kind,
        question=request.question,
        tool=request.tool,
    )
    answer = await _ask(state, request)
    if not isinstance(answer, Pending):
        return _told(state, request, answer)
    state.tell(InputAnswered, request_id=request.id, outcome="pending")
    if state.journal.on:
        state.asked[request.id] = request
        raise CallSuspended
    state.warn("a run was to pause for an answer, and cannot: give the executor a checkpointer")
    return InputAnswer(
        approved=False, text="the answer would come later, and this run cannot wait for it"
    )


async def _ask(state: RunState[Any], request: InputRequest) -> InputAnswer | Pending:
    asker = state.kit.ports.ask
    try:
        return await asker.ask(request)
    except Exception as error:  # noqa: BLE001 - who cannot be asked has not agreed
        state.warn(f"asking for an answer failed: {told(error)}")
        return InputAnswer(approved=False, text="nobody could be asked")


def _told(state: RunState[Any], request: InputRequest, answer: InputAnswer) -> InputAnswer:
    outcome = "refused"
    if answer.approved:
        outcome = "approved" if request.kind == "approval" else "answered"
    state.tell(InputAnswered, request_id=request.id, outcome=outcome)
    return answer
