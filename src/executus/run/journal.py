"""A run's journal: what it has done, entry by entry, so that another process can go on with it.

Append-only, one JSON text per entry, so that a step costs what the step is long and not what the
run is long (ADR 0119). `restore` reads it back.

    begin · phase · messages · step · call · result · answered · aside · below · attached ·
    asked · inbox · settled · resumed
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2s
from typing import Any, Protocol

import anyio
from pydantic_core import to_json

from executus.asking import InputAnswer, InputRequest
from executus.errors import ExecutusError, SetupError
from executus.money import Money
from executus.pendingattach import Attachment
from executus.run.info import RunInfo
from majordomo.agent import Loop, Step
from majordomo.clock import Clock
from majordomo.llm import Message, Role, ToolCallPart, ToolResultPart, Usage, dump_messages

__all__ = [
    "JOURNAL_VERSION",
    "NO_CHECKPOINTER",
    "Checkpointer",
    "JournalConflict",
    "MemoryCheckpointer",
    "RunJournal",
]

JOURNAL_VERSION = 1


class JournalConflict(ExecutusError):
    """Another process has gone on with this run; this one must stop."""


class Checkpointer(Protocol):
    """Keeps the journals of runs that have not ended."""

    async def append(self, run_id: str, at: int, entries: Sequence[str]) -> None:
        """Add entries to a run's journal: all or none, and safe once this returns.

        Args:
            run_id: Which run.
            at: How many entries the journal must have before; 0 begins it.
            entries: One JSON text each.

        Raises:
            JournalConflict: The journal is not that long: somebody else has written to it.
        """
        ...

    async def load(self, run_id: str) -> Sequence[str]:
        """A run's journal from its beginning; empty when there is none."""
        ...

    async def end(self, run_id: str) -> None:
        """The run has answered, or will not be resumed: its journal is not needed any more."""
        ...


class _NoCheckpointer:
    async def append(self, run_id: str, at: int, entries: Sequence[str]) -> None:
        del run_id, at, entries

    async def load(self, run_id: str) -> Sequence[str]:
        del run_id
        return ()

    async def end(self, run_id: str) -> None:
        del run_id


NO_CHECKPOINTER: Checkpointer = _NoCheckpointer()


class MemoryCheckpointer:
    """Journals in this process's memory: runs may pause, and nothing outlives the process."""

    def __init__(self) -> None:
        self._journals: dict[str, list[str]] = {}

    async def append(self, run_id: str, at: int, entries: Sequence[str]) -> None:
        """Add entries."""
        journal = self._journals.setdefault(run_id, [])
        if len(journal) != at:
            raise JournalConflict(conflict(run_id, at, len(journal)))
        journal.extend(entries)

    async def load(self, run_id: str) -> Sequence[str]:
        """The entries so far."""
        return tuple(self._journals.get(run_id, ()))

    async def end(self, run_id: str) -> None:
        """Forget the run."""
        self._journals.pop(run_id, None)


def digest(call: ToolCallPart) -> str:
    """What was called with what, told apart: ids come again, and tools change their minds."""
    text = f"{call.name}\0{call.arguments}"
    return blake2s(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def conflict(run_id: str, at: int, found: int) -> str:
    """The sentence of a `JournalConflict`."""
    return (
        f"the journal of run {run_id} has {found} entries instead of {at}: "
        "another process goes on with this run"
    )


class RunJournal:
    """What one run has written, and has yet to write, to the checkpointer.

    Args:
        checkpointer: Where to.
        run_id: The run.
        clock: Limits each write.
        timeout_s: Seconds for one write.
        written: Entries that are there already, of a run that is resumed.

    Attributes:
        on: Whether anything is written at all.
        mine: Whether this process was the last to write.
    """

    def __init__(
        self,
        checkpointer: Checkpointer,
        run_id: str,
        *,
        clock: Clock,
        timeout_s: float,
        written: int = 0,
    ) -> None:
        self.on = checkpointer is not NO_CHECKPOINTER
        self.mine = False
        self._checkpointer = checkpointer
        self._run_id = run_id
        self._clock = clock
        self._timeout_s = timeout_s
        self._written = written
        self._waiting: list[str] = []
        self._lock: anyio.Lock | None = None
        self._messages = 0
        self._steps = 0
        self._answered: set[str] = set()

    def note(self, kind: str, **fields: Any) -> None:
        """Add an entry; written by the next `flush`."""
        if self.on:
            self._waiting.append(to_json({"kind": kind, **fields}).decode())

    def begin(self, info: RunInfo, messages: Sequence[Message], new_from: int) -> None:
        """The first entry: what was asked, by whom.

        Args:
            info: The run.
            messages: The history and what was said.
            new_from: How many of them are history.

        Raises:
            SetupError: The invocation's metadata are not JSON.
        """
        if not self.on:
            return
        caller = info.caller
        try:
            self.note(
                "begin",
                version=JOURNAL_VERSION,
                run_id=info.run_id,
                parent=info.parent,
                agent=info.agent,
                caller={"id": caller.id, "name": caller.name, "roles": sorted(caller.roles)},
                limits=info.limits.as_json(),
                metadata=dict(info.invocation.metadata),
                started=info.started.isoformat(),
                messages=dump_messages(messages),
                new_from=new_from,
            )
        except ValueError as error:
            raise SetupError(
                f"the invocation's metadata must be JSON values to be checkpointed: {error}"
            ) from error
        self._messages = len(messages)

    def phase(self, index: int) -> None:
        """A phase begins: its transcript starts anew."""
        self.note("phase", index=index)
        self._messages = self._steps = 0

    def follow(self, loop: Loop[Any]) -> None:
        """Note what the loop's transcript has gained."""
        if not self.on:
            return
        for message in loop.messages[self._messages :]:
            self._message(loop, message)
        self._messages = len(loop.messages)

    def _message(self, loop: Loop[Any], message: Message) -> None:
        if message.role is Role.ASSISTANT and self._steps < len(loop.steps):
            step = loop.steps[self._steps]
            if step.response.message is message:
                self._steps += 1
                self._step(step)
                return
        results = message.tool_results
        if not results or any(result.call_id not in self._answered for result in results):
            self.note("messages", messages=dump_messages([message]))
        else:  # each result has its own entry, written when it came
            self.note("answered")

    def _step(self, step: Step) -> None:
        response = step.response
        self._answered.clear()  # call ids may come again in a later step
        self.note(
            "step",
            messages=dump_messages([response.message]),
            finish_reason=response.finish_reason,
            usage=asdict(response.usage),
            target=asdict(response.target),
            served_model=response.served_model,
            request_id=response.request_id,
        )

    def call(self, call_id: str) -> None:
        """A call that must not be made twice is about to be made."""
        self.note("call", call_id=call_id)

    def result(self, call: ToolCallPart, result: ToolResultPart, cost: Money | None) -> None:
        """A call has its result; what the tool itself cost goes with it."""
        if self.on:
            self._answered.add(result.call_id)
            message = Message(role=Role.TOOL, parts=(result,))
            self.note(
                "result",
                messages=dump_messages([message]),
                digest=digest(call),
                cost=cost and cost.as_json(),
            )

    def aside(self, usage: Usage, cost: Money | None) -> None:
        """A model was asked beside the loop."""
        self.note("aside", usage=asdict(usage), cost=cost and cost.as_json())

    def below(self, usage: Usage, cost: Money | None) -> None:
        """A run that this one dispatched has ended, and spent this with all below it."""
        self.note("below", usage=asdict(usage), cost=cost and cost.as_json())

    def attached(self, attachment: Attachment) -> None:
        """Something goes out with the answer."""
        if self.on:
            self.note(
                "attached",
                data=b64encode(attachment.data).decode(),
                media_type=attachment.media_type,
                name=attachment.name,
            )

    def inbox(self, messages: Sequence[Message]) -> None:
        """Messages that wait for the next model call, of a run that pauses before it."""
        if messages:
            self.note("inbox", messages=dump_messages(messages))

    def asked(self, requests: Sequence[InputRequest]) -> None:
        """The run pauses for these answers."""
        self.note("asked", requests=[asdict(request) for request in requests])

    def settled(self) -> None:
        """The budget has been told of all that was spent so far."""
        self.note("settled")

    def go_on(self, messages: int, steps: int, answered: set[str]) -> None:
        """Stand behind what was read of the current phase."""
        self._messages, self._steps, self._answered = messages, steps, answered

    def resumed(self, nonce: str, answers: Mapping[str, InputAnswer]) -> None:
        """A process takes the run over; the nonce tells two that do so at once apart."""
        said = {key: asdict(answer) for key, answer in answers.items()}
        self.note("resumed", nonce=nonce, answers=said)

    async def flush(self) -> None:
        """Write what waits. After a failure it waits on.

        Raises:
            JournalConflict: Another process goes on with this run.
            TimeoutError: The checkpointer took too long.
            Exception: What it raised.
        """
        if not self._waiting:
            return
        if self._lock is None:  # made late: most runs have no checkpointer, and a lock is not cheap
            self._lock = anyio.Lock()
        async with self._lock:  # calls of one step may run, and be noted, at once
            with self._clock.deadline(self._timeout_s):
                await self._write()
                return
            raise TimeoutError(f"no answer within {self._timeout_s:g} s")

    async def _write(self) -> None:
        entries = tuple(self._waiting)
        if not entries:  # another call's flush took them along
            return
        try:
            await self._checkpointer.append(self._run_id, self._written, entries)
        except JournalConflict:
            await self._recognise(entries)
        else:
            self._wrote(len(entries))

    def _wrote(self, count: int) -> None:
        self.mine = True
        self._written += count
        del self._waiting[:count]

    async def _recognise(self, entries: tuple[str, ...]) -> None:
        """Go on when what is there is our own: written, though its acknowledgement was lost."""
        found = tuple(await self._checkpointer.load(self._run_id))
        there = found[self._written :]
        if not there or entries[: len(there)] != there:
            self.mine = False
            raise JournalConflict(conflict(self._run_id, self._written, len(found)))
        self._wrote(len(there))
        await self._write()

    async def end(self) -> None:
        """The run has its terminal record."""
        await self._checkpointer.end(self._run_id)
