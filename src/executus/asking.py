"""Questions to a person in the middle of a run: approvals, and what a tool wants to know.

    policy or tool → InputRequest → Asker → InputAnswer, or PENDING: the run pauses

A paused run goes on in this process or another: `Executor.resume(run_id, answers=…)`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, Protocol, TypeAlias

__all__ = [
    "NOBODY_TO_ASK",
    "PENDING",
    "Answered",
    "Asker",
    "AskingCallback",
    "CallbackAsker",
    "InputAnswer",
    "InputRequest",
    "Pending",
    "Said",
    "as_answer",
    "forget_call",
    "is_of",
    "request_id",
]


class Pending(Enum):
    """The type of `PENDING`."""

    PENDING = "pending"


PENDING: Final = Pending.PENDING
"""The answer comes later: the run is saved and ends as paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRequest:
    """What a person is asked.

    Attributes:
        id: Under which the answer is given to `Executor.resume`; unique within the run.
        run_id: The run that waits.
        agent: Its agent's name.
        caller: Id of the caller it works for.
        kind: An `approval` is a yes or a no to a tool call; a `question` wants a text.
        question: In words.
        tool: Name of the tool, as registered.
        arguments: The call's arguments, JSON text as the model wrote it.
    """

    id: str
    run_id: str
    agent: str
    caller: str
    kind: Literal["approval", "question"]
    question: str
    tool: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputAnswer:
    """What the person said.

    Attributes:
        approved: Whether the call may be made; a question counts as answered when it is true.
        text: The answer to a question; the reason of a refusal, told to the model.
    """

    approved: bool = True
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a person said, and to what: an answer counts for nothing else.

    The ids of calls are chosen by who answers for the model, and a tool that is called anew after a
    pause may want to do something else than before.

    Attributes:
        request: What they were shown.
        answer: What they said.
    """

    request: InputRequest
    answer: InputAnswer

    def counts_for(self, request: InputRequest) -> bool:
        """Whether this is what was asked: the same call, or the same question."""
        shown = self.request
        return (
            (shown.kind, shown.tool, shown.arguments)
            == (request.kind, request.tool, request.arguments)
        ) and (request.kind == "approval" or shown.question == request.question)


class Asker(Protocol):
    """Reaches the person who decides. May take as long as the run may."""

    async def ask(self, request: InputRequest) -> InputAnswer | Pending:
        """Ask; return the answer, or `PENDING` when it will come later.

        An exception counts as a refusal, with a warning on the result.
        """
        ...


class _NobodyToAsk:
    async def ask(self, request: InputRequest) -> InputAnswer | Pending:
        what = "approval needed" if request.kind == "approval" else "no one can answer"
        return InputAnswer(approved=False, text=f"{what}, no approver configured")


NOBODY_TO_ASK: Asker = _NobodyToAsk()


def request_id(call_id: str, question: int = 0) -> str:
    """Id of the approval of a call, or of a question its tool asks (counted from 1)."""
    return f"{call_id}#{question}" if question else call_id


def is_of(request: str, call_id: str) -> bool:
    """Whether a request, by its id, comes from a call or from one that the call's tool made."""
    return request == call_id or request.startswith((f"{call_id}#", f"{call_id}/"))


def forget_call(by_request: MutableMapping[str, Any], call_id: str) -> None:
    """Remove what belongs to a call that has its result: its id may come again in a later step."""
    for key in [key for key in by_request if is_of(key, call_id)]:
        del by_request[key]


Said: TypeAlias = InputAnswer | bool | str
"""What a person may say: see `as_answer`."""

AskingCallback: TypeAlias = Callable[[InputRequest], Said | Pending | Awaitable[Said | Pending]]
"""Answers with yes or no, a text, a whole answer, or `PENDING`; synchronous or not."""


def as_answer(request: InputRequest, said: Said) -> InputAnswer:
    """What a person said, as an answer.

    A bool is a yes or a no. A text answers a question; said to an approval, it is a refusal and its
    reason, because "no, wait" must not let a call through.
    """
    match said:
        case InputAnswer():
            return said
        case bool():
            return InputAnswer(approved=said)
        case str():
            return InputAnswer(approved=request.kind == "question", text=said)


class CallbackAsker:
    """A plain function as an asker.

    Args:
        callback: Gets the request.

    Example:
        >>> asker = CallbackAsker(lambda request: request.tool == "calendar.add")
    """

    def __init__(self, callback: AskingCallback) -> None:
        self._callback = callback

    async def ask(self, request: InputRequest) -> InputAnswer | Pending:
        """Ask the function."""
        said = self._callback(request)
        answer = await said if inspect.isawaitable(said) else said
        return answer if isinstance(answer, Pending) else as_answer(request, answer)
