"""A conversation with an agent: keeps the transcript and what was encoded of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic

from typing_extensions import TypeVar

from majordomo.agent.agent import NO_DEPS, Agent, Prompt
from majordomo.agent.agentrun import AgentRun
from majordomo.agent.result import AgentResult
from majordomo.llm import Fragments, Message, Usage
from majordomo.tasks import run_sync

__all__ = ["Session"]

Deps = TypeVar("Deps", default=None)
Out = TypeVar("Out", default=str)


class Session(Generic[Deps, Out]):
    """A chat of many turns with one agent, one turn at a time.

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

    @property
    def messages(self) -> tuple[Message, ...]:
        """The whole transcript; store it with `dump_messages`."""
        return self._messages

    async def send(self, prompt: Prompt) -> AgentResult[Out]:
        """Say something and wait for the answer.

        Raises:
            AgentError: The turn ended without an answer.
        """
        async with self._turn(self.agent.start, prompt) as run:
            return await run.result()

    def send_sync(self, prompt: Prompt) -> AgentResult[Out]:
        """`send` for synchronous code; works inside a running loop (a notebook) too."""
        return run_sync(self.send, prompt)

    def stream(self, prompt: Prompt) -> AgentRun[Out]:
        """Say something and watch: `async with session.stream(…) as run`."""
        return self._turn(self.agent.stream, prompt)

    def _turn(self, begin: Callable[..., AgentRun[Out]], prompt: Prompt) -> AgentRun[Out]:
        run = begin(prompt, deps=self.deps, history=self._messages, fragments=self._fragments)
        return run.on_end(self._keep)

    def _keep(self, partial: AgentResult[None]) -> None:
        self._messages = partial.messages
        self.usage += partial.usage
