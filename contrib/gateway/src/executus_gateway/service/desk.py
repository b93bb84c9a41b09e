"""The calls of one run that are under way: which have an answer, which wait for a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import anyio

from executus_gateway.ports import HostCall
from executus_gateway.schema import CallRecord, Interaction
from majordomo.tasks import TaskOwner

__all__ = ["AskPeople", "Desk", "Handle"]

AskPeople: TypeAlias = Callable[[Interaction, CallRecord], Awaitable[Interaction]]
"""Stores a question and waits for its answer."""

Handle: TypeAlias = Callable[[HostCall, AskPeople], Awaitable[Any]]
"""Answers a call with a JSON value; never raises but for cancellation."""


class Desk:
    """Starts a task per call and collects answers. Its run's loop alone touches the sandbox.

    Args:
        owner: Owns the tasks; leaving it cancels calls that nobody waits for any more.
        handle: Answers a call.
        wait: Waits for the answer to a stored question.
    """

    def __init__(
        self,
        owner: TaskOwner,
        handle: Handle,
        wait: Callable[[str], Awaitable[Interaction]],
    ) -> None:
        self._owner = owner
        self._handle = handle
        self._wait = wait
        self._taken: set[int] = set()
        self._busy: set[int] = set()
        self._answers: dict[int, Any] = {}
        self._changed = anyio.Event()
        self._stored: dict[str, anyio.Event] = {}
        self.questions: list[tuple[Interaction, CallRecord]] = []
        self.asked: dict[str, Interaction] = {}

    def take(self, calls: Sequence[HostCall]) -> None:
        """Begin the calls that are new."""
        for call in calls:
            if call.number not in self._taken:
                self._taken.add(call.number)
                self._busy.add(call.number)
                self._owner.start(lambda call=call: self._work(call))

    async def settle(self) -> None:
        """Wait for an answer, for a new question, or until there are only people to wait for."""
        while not (self._answers or self.questions or not self._busy):
            await self._next()

    async def until_answer(self) -> bool:
        """Wait until there is an answer, or a new question; says whether no question is new."""
        while not (self._answers or self.questions):
            await self._next()
        return not self.questions

    @property
    def only_people(self) -> bool:
        """Whether nothing goes on but waiting for people."""
        return not self._busy and not self._answers and bool(self.asked)

    def collect(self) -> dict[int, Any]:
        """The answers there are; each is given out once."""
        answers, self._answers = self._answers, {}
        return answers

    def stored(self) -> None:
        """The questions are in the log: whoever asked them may wait."""
        for question, _ in self.questions:
            self.asked[question.id] = question
            self._stored[question.id].set()
        self.questions.clear()

    async def _work(self, call: HostCall) -> None:
        async def ask(question: Interaction, record: CallRecord) -> Interaction:
            stored = self._stored[question.id] = anyio.Event()
            self.questions.append((question, record))
            self._busy.discard(call.number)
            self._change()
            await stored.wait()
            answered = await self._wait(question.id)
            self.asked.pop(question.id, None)
            self._busy.add(call.number)
            return answered

        answer = await self._handle(call, ask)
        self._busy.discard(call.number)
        self._answers[call.number] = answer
        self._change()

    def _change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def _next(self) -> None:
        await self._changed.wait()
