"""A host's callback for the questions of its own runs, where those run in another process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

import anyio

from executus_gateway.errors import DaemonFailed, Refused, UnknownId
from executus_gateway.schema import Event, Interaction, Put
from executus_gateway.sdk.answering import told_answer
from executus_gateway.sdk.hostprompter import HostPrompter, OnInputRequest
from executus_gateway.sdk.target import Target
from majordomo.tasks import TaskOwner

__all__ = ["HostWatch"]


class HostWatch:
    """A `Target` around another: it watches events, and answers what its callback answers.

    A question that the callback gives no answer to stays in the inbox.

    Args:
        target: Of the gateway.
        callback: The host's.
    """

    def __init__(self, target: Target, callback: OnInputRequest) -> None:
        self._target = target
        self._prompter = HostPrompter(callback)
        self._mine: set[str] = set()
        self._seen: set[str] = set()
        self._owner = TaskOwner()
        self._watching = anyio.Event()

    async def start(self) -> Self:
        """Begin to watch; `aclose` in the same task ends it."""
        await self._owner.__aenter__()
        self._owner.start(self._watch)
        await self._watching.wait()
        return self

    async def aclose(self) -> None:
        """Ask no more, and let the target go."""
        await self._owner.__aexit__(None, None, None)
        await self._target.aclose()

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Events from now on."""
        return self._target.events()

    async def request(self, method: str, params: Mapping[str, Any]) -> Any:
        """Call a method; the runs it starts are this host's."""
        if method not in {"execute", "runs.start"}:
            return await self._target.request(method, params)
        run = await self._target.request("runs.start", params)
        self._mine.add(run["id"])
        await self._look()  # it may have asked before we knew it
        if method == "runs.start":
            return run
        return await self._target.request("runs.wait", {"run": run["id"]})

    async def _watch(self) -> None:
        try:
            while True:  # a stream that ends was too slow to read: look anew
                async with self._target.events() as events:
                    self._watching.set()
                    await self._look()
                    async for event in events:
                        if any(map(self._is_mine, _questions(event))):
                            await self._look()
        except DaemonFailed:
            return  # whoever waits for a run is told
        finally:
            self._watching.set()

    def _is_mine(self, question: Interaction) -> bool:
        return question.run in self._mine and question.id not in self._seen

    async def _look(self) -> None:
        if not self._mine:
            return
        for found in await self._target.request("inbox.list", {}):
            question = Interaction.model_validate(found)
            if self._is_mine(question):
                self._seen.add(question.id)
                self._owner.start(lambda question=question: self._ask(question))

    async def _ask(self, question: Interaction) -> None:
        answer = await self._prompter.ask(question)
        if answer is None:
            return
        try:
            await self._target.request("inbox.answer", {"id": question.id, **told_answer(answer)})
        except (Refused, UnknownId):
            return  # an unfit answer leaves the question where others find it


def _questions(event: Event) -> list[Interaction]:
    return [
        change.record
        for change in event.changes
        if isinstance(change, Put) and isinstance(change.record, Interaction)
    ]
