"""The gateway as one object: what every face of it (MCP, SDK, console, command) calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

from executus_gateway.broker import InputBroker
from executus_gateway.domain import Ledger
from executus_gateway.errors import Refused
from executus_gateway.ports import NO_PROMPTER, ArtifactStore, Engine, Prompter, RunLimits, Vault
from executus_gateway.schema import (
    Answer,
    AuthScheme,
    CallRecord,
    CredentialRef,
    Event,
    Interaction,
    TaskRun,
)
from executus_gateway.service.controls import Controls
from executus_gateway.service.filecontrols import file_controls
from executus_gateway.service.invoker import Invoker
from executus_gateway.service.keeping import Keep
from executus_gateway.service.keptfiles import KeptFiles
from executus_gateway.service.policycontrols import Policies, policy_controls
from executus_gateway.service.retention import Retention
from executus_gateway.service.runcontrols import run_controls
from executus_gateway.service.runner import Runner
from executus_gateway.service.searchcontrols import search_controls
from executus_gateway.service.sourcecontrols import source_controls
from executus_gateway.sources import SourceManager
from majordomo.tasks import TaskOwner

__all__ = ["Gateway"]

KEEP = Keep()


class Gateway:
    """Use as a block: entering takes up paused runs, leaving ends what runs.

    What may be set up by code in the sandbox is `tools.executor.*`; answering questions, giving
    credentials and an organisation's rules are here alone.

    Args:
        ledger: An open one.
        sources: Of the same ledger.
        engine: Runs code.
        artifacts: Keeps pauses and files.
        vault: Keeps secrets.
        state_key: At least 32 random bytes, the same each time: seals what faces give out for
            clients to come back with.
        limits: Of each run.
        keep: How much is kept of runs that have ended, and of files.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        sources: SourceManager,
        engine: Engine,
        artifacts: ArtifactStore,
        vault: Vault,
        state_key: bytes,
        limits: RunLimits,
        keep: Keep = KEEP,
    ) -> None:
        self.ledger = ledger
        self.sources = sources
        self.state_key = state_key
        self.broker = InputBroker(ledger, vault)
        self._controls = controls = Controls()
        self.policies = Policies(ledger, sources, controls)
        files = KeptFiles(ledger, artifacts, keep)
        self._invoker = Invoker(ledger, sources, controls, files)
        controls.add(
            *search_controls(sources, controls, self._invoker.decision),
            *source_controls(ledger, sources),
            *policy_controls(self.policies),
            *run_controls(ledger),
            *file_controls(files),
        )
        self._runner = Runner(
            ledger,
            engine=engine,
            invoker=self._invoker,
            broker=self.broker,
            sources=sources,
            artifacts=artifacts,
            files=files,
            limits=limits,
        )
        self._retention = Retention(ledger, artifacts, keep, files)
        self._owner: TaskOwner | None = None

    async def __aenter__(self) -> Self:
        self._owner = await TaskOwner().__aenter__()
        await self.sources.start()
        await self._retention.sweep_files()  # first: runs that go on keep files meanwhile
        await self._runner.recover(self._owner)
        await self._retention.sweep()
        self._owner.start(self._retention.live)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            await owner.__aexit__(exc_type, exc, traceback)

    async def start(
        self,
        code: str,
        *,
        client: str = "",
        compute_s: float | None = None,
        prompter: Prompter = NO_PROMPTER,
        run_id: str = "",
    ) -> TaskRun:
        """Begin a run and return at once.

        Args:
            code: Python; fences and prose around it are left out.
            client: Who asks, for the record.
            compute_s: Seconds the code may compute; the gateway's limit caps it.
            prompter: That client's own way to a person.
            run_id: What the run is called, `run_` and a-z and 0-9; else a new id.

        Raises:
            Refused: The gateway is closed, or there is a run of that id.
        """
        if self._owner is None:
            raise Refused("the gateway is closed: open it first, `async with open_local(…)`")
        return await self._runner.start(
            self._owner,
            code,
            client=client,
            compute_s=compute_s,
            prompter=prompter,
            run_id=run_id,
        )

    async def execute(
        self,
        code: str,
        *,
        client: str = "",
        compute_s: float | None = None,
        prompter: Prompter = NO_PROMPTER,
        through_pauses: bool = True,
    ) -> TaskRun:
        """Run code and wait for its end; arguments as for `start` and `wait`."""
        run = await self.start(code, client=client, compute_s=compute_s, prompter=prompter)
        return await self._runner.wait(run.id, through_pauses=through_pauses, prompter=prompter)

    async def wait(
        self, run_id: str, *, through_pauses: bool = True, prompter: Prompter = NO_PROMPTER
    ) -> TaskRun:
        """Wait for a run's end, or for its next pause.

        Raises:
            UnknownId: There is no such run.
        """
        return await self._runner.wait(run_id, through_pauses=through_pauses, prompter=prompter)

    async def cancel(self, run_id: str) -> TaskRun:
        """End a run.

        Raises:
            UnknownId: There is no such run.
        """
        return await self._runner.cancel(run_id)

    async def search(self, arguments: Mapping[str, Any]) -> Any:
        """As `tools.search`, for people: `{query, source?, limit?}`.

        Raises:
            MisfitArguments: They do not fit.
        """
        return await self._controls.call("search", arguments)

    async def describe(self, arguments: Mapping[str, Any]) -> Any:
        """As `tools.describe`, for people: `{path}`.

        Raises:
            MisfitArguments: They do not fit, or there is no such tool.
        """
        return await self._controls.call("describe", arguments)

    def run(self, run_id: str) -> TaskRun:
        """A run as it is now.

        Raises:
            UnknownId: There is no such run.
        """
        return self.ledger.require(TaskRun, run_id)

    def runs(self) -> list[TaskRun]:
        """All runs, oldest first."""
        return self.ledger.all(TaskRun)

    def calls(self, run_id: str) -> list[CallRecord]:
        """A run's calls, oldest first."""
        return [call for call in self.ledger.all(CallRecord) if call.run == run_id]

    def inbox(self) -> list[Interaction]:
        """Questions that wait for a person, oldest first."""
        return self.broker.pending()

    async def answer(self, interaction_id: str, answer: Answer) -> Interaction:
        """Answer a question, once; a later answer is told what the first one was.

        Raises:
            UnknownId: There is no such question.
            Refused: The answer lacks what the question asks for.
        """
        return await self.broker.answer(interaction_id, answer)

    async def connect(self, source: str, scheme: AuthScheme, value: str) -> CredentialRef:
        """Give a source a credential, and read the source anew.

        Raises:
            UnknownId: There is no such source.
        """
        found = self.sources.require(source)
        reference = await self.sources.book.put(found, scheme, value)
        await self.sources.refresh(found.id)
        return reference

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Events from now on."""
        return self.ledger.watch()
