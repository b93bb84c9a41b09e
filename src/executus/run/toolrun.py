"""What a tool has of the run that calls it: `ToolContext.run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from executus.asking import InputRequest, request_id
from executus.identity import Caller
from executus.invocation import Invocation, Limits
from executus.pendingattach import Attachment
from executus.registry import wire_name
from executus.run.agent import RunnableAgent
from executus.run.approval import ask_person
from executus.run.result import RunResult
from executus.run.state import RunState
from executus.run.tally import RunTally
from executus.runservices import ToolListing
from majordomo.llm import Part, Request, ToolCallPart, ToolResultPart, user

__all__ = ["ToolRun"]


class Calls(Protocol):
    """Answers calls that tools make."""

    async def answer_inner(self, call: ToolCallPart) -> ToolResultPart:
        """Answer one."""
        ...

    def listing(self) -> Sequence[ToolListing]:
        """What may be called."""
        ...


class ToolRun(RunTally):
    """A live view of the run, and what a tool may ask of it (`executus.runservices`)."""

    __slots__ = ("_call", "_calls", "_inner", "_questions", "_state")

    def __init__(self, state: RunState[Any], call: ToolCallPart, calls: Calls) -> None:
        super().__init__(state)
        self._state = state
        self._call = call
        self._calls = calls
        self._questions = 0
        self._inner = 0

    @property
    def caller(self) -> Caller:
        """On whose behalf the run is made."""
        return self._state.info.caller

    @property
    def agent(self) -> str:
        """The agent's name."""
        return self._state.info.agent

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The host's own facts, as the invocation brought them."""
        return self._state.invocation.metadata

    @property
    def agents(self) -> Sequence[str]:
        """Names of the agents that may be dispatched."""
        return tuple(self._state.kit.agents)

    def tools(self) -> Sequence[ToolListing]:
        """What this run may call, the tools on demand included, the calling one left out."""
        own = self._call.name
        return [tool for tool in self._calls.listing() if wire_name(tool.name) != own]

    async def call(self, name: str, arguments: str) -> ToolResultPart:
        """Call another tool of the run, past all that a call by the model passes.

        After a resumption the calling tool is called anew; the calls it had finished are not made
        again, when it makes the same ones in the same order.

        Args:
            name: As in `tools`, or as the model sees it.
            arguments: JSON text.

        Raises:
            CallSuspended: A person's answer comes later; do not catch it.
            RunStopped: The run has ended.
        """
        self._state.account.require_open()
        self._inner += 1
        call = ToolCallPart(id=f"{self._call.id}/{self._inner}", name=name, arguments=arguments)
        return await self._calls.answer_inner(call)

    async def generate(self, prompt: str, *, model: str, system: str = "") -> str:
        """Ask a model, or a tier, once; what it costs counts for the run.

        Raises:
            MajordomoError: There is no such model, or it did not answer.
            RunStopped: As much is spent as may be, or the run has ended.
        """
        state = self._state
        state.account.check()
        chosen = await state.kit.resolve_model(model)
        state.spending.aside_asked += 1
        response = await chosen.complete(Request(messages=[user(prompt)], system=system))
        state.add_aside(response.target, response.usage)
        return response.text

    def attach(self, attachment: Attachment) -> bool:
        """Send something along with the answer.

        Returns:
            Whether it is new; the same content goes out once.

        Raises:
            AttachmentRefused: It is more than a run may carry.
        """
        state = self._state
        new = state.outbox.add(attachment)
        if new:  # it goes out with the answer at the top, so there it must not be lost
            state.kit.live.get(state.info.root, state).journal.attached(attachment)
        return new

    async def ask(self, question: str) -> str:
        """Ask the person behind the run.

        When the answer comes later, the run pauses; once it is there, the tool is called anew, from
        its beginning. So ask first, in a fixed order, and act then.

        Returns:
            The answer.

        Raises:
            PermissionError: Nobody can, or wants to, answer; says why.
            CallSuspended: The answer comes later; do not catch it.
            RunStopped: The run has ended.
        """
        self._state.account.require_open()
        info = self._state.info
        self._questions += 1
        request = InputRequest(
            id=request_id(self._call.id, self._questions),
            run_id=info.run_id,
            agent=info.agent,
            caller=info.caller.id,
            kind="question",
            question=question,
            tool=self._call.name,
            arguments=self._call.arguments,
        )
        answer = await ask_person(self._state, request)
        if not answer.approved:
            raise PermissionError(answer.text or "the question was not answered")
        return answer.text

    async def dispatch(
        self,
        agent: RunnableAgent[Any] | str,
        task: str | Sequence[str | Part],
        *,
        limits: Limits | None = None,
    ) -> RunResult[Any]:
        """Run another agent on the same caller's behalf and wait for it.

        It is refused, as a rejected result, when agents would call each other in a circle, too
        deep, or too often. It takes no slot of the run lane: this run holds one for both.

        Args:
            agent: An agent, or the name of one the executor knows.
            task: What it is asked.
            limits: Its bounds; the agent's, or the executor's, otherwise. It ends with this run's
                time at the latest, and what it spends counts for the bounds of this run, too.

        Raises:
            RunStopped: This run has ended.
        """
        self._state.account.require_open()
        invocation = Invocation(
            task,
            caller=self._state.info.caller,
            deps=self._state.invocation.deps,
            limits=limits,
            parent=self.run_id,
            metadata=self._state.invocation.metadata,
        )
        return await self._state.kit.dispatch(agent, invocation)
