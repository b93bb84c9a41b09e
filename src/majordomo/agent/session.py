"""A conversation with an agent: keeps the transcript and what was encoded of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic

from typing_extensions import TypeVar

from majordomo.agent.agent import NO_DEPS, Agent, Prompt
from majordomo.agent.agentrun import AgentRun
from majordomo.agent.errors import SessionBusy
from majordomo.agent.result import AgentResult
from majordomo.llm import Fragments, Message, Usage
from majordomo.tasks import run_sync

__all__ = ["Session"]

Deps = TypeVar("Deps", default=None)
Out = TypeVar("Out", default=str)


class Session(Generic[Deps, Out]):
    """A chat of many turns with one agent, one turn at a time; a second one beside it is refused.

    A turn that fails or is cancelled keeps what it had achieved; the transcript stays valid, so
    the next turn goes on from there.

    Args:
        agent: Who answers.
        deps: Given to the agent's tools in every turn.
        history: Messages to begin with.

    Attributes:
        usage: Tokens of all turns.
    """

    def __init__(
        self,
        agent: Agent[Deps, Out],
        *,
        deps: Deps = NO_DEPS,
        history: Sequence[Message] = (),
    ) -> None:
        self.agent = agent
        self.deps = deps
        self.usage = Usage()
        self._messages: tuple[Message, ...] = tuple(history)
        self._fragments = Fragments()
        self._turn_lock = threading.Lock()  # turns may come from several threads

    @property
    def messages(self) -> tuple[Message, ...]:
        """The whole transcript; store it with `dump_messages`."""
        return self._messages

    async def send(self, prompt: Prompt) -> AgentResult[Out]:
        """Say something and wait for the answer.

        Raises:
            AgentError: The turn ended without an answer.
            SessionBusy: Another turn goes on.
        """
        async with self._turn(self.agent.start, prompt) as run:
            return await run.result()

    def send_sync(self, prompt: Prompt) -> AgentResult[Out]:
        """`send` for synchronous code; works inside a running loop (a notebook) too."""
        return run_sync(self.send, prompt)

    def stream(self, prompt: Prompt) -> AgentRun[Out]:
        """Say something and watch: `async with session.stream(…) as run`.

        Entering the block raises `SessionBusy` while another turn goes on, or when one has ended
        since this one was made.
        """
        return self._turn(self.agent.stream, prompt)

    def _turn(self, begin: Callable[..., AgentRun[Out]], prompt: Prompt) -> AgentRun[Out]:
        history = self._messages
        run = begin(prompt, deps=self.deps, history=history, fragments=self._fragments)
        return run.on_begin(partial(self._admit, history)).on_end(self._keep)

    def _admit(self, history: tuple[Message, ...]) -> None:
        if not self._turn_lock.acquire(blocking=False):
            raise SessionBusy(
                "another turn of this session goes on: wait for its end, or use a session each"
            )
        if self._messages is not history:
            self._turn_lock.release()
            raise SessionBusy(
                "another turn of this session has ended since this one was made: make it anew"
            )

    def _keep(self, achieved: AgentResult[None]) -> None:
        self._messages = achieved.messages
        self.usage += achieved.usage
        self._turn_lock.release()
