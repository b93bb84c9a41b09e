"""`Client`: execute code, manage sources, follow runs; the same whatever target is behind it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from executus_gateway.ports import NO_PROMPTER
from executus_gateway.schema import (
    Answer,
    AuthScheme,
    CallRecord,
    CredentialRef,
    Event,
    Interaction,
    PolicyAction,
    PolicyDecision,
    PolicyRule,
    Source,
    TaskRun,
)
from executus_gateway.sdk.answering import told_answer
from executus_gateway.sdk.daemontarget import DaemonTarget
from executus_gateway.sdk.hostprompter import HostPrompter, OnInputRequest
from executus_gateway.sdk.hostwatch import HostWatch
from executus_gateway.sdk.target import Target

if TYPE_CHECKING:
    from executus_gateway.sdk.inproc import InprocTarget

__all__ = ["DEFAULT_FOLDER", "Client"]

DEFAULT_FOLDER: Final = "~/.executus-gateway"


class Client:
    """A gateway, for programs. Made by `create`; use as a block, or call `aclose`.

    Args:
        target: What it talks to; any object of that shape will do.
    """

    def __init__(self, target: Target) -> None:
        self._target = target

    @classmethod
    async def create(
        cls,
        *,
        adapter: Literal["inproc", "daemon"] | Target = "inproc",
        folder: str | os.PathLike[str] = DEFAULT_FOLDER,
        on_input_request: OnInputRequest | None = None,
        **options: Any,
    ) -> Self:
        """Connect.

        Args:
            adapter: `inproc` opens a gateway in this process, `daemon` talks to the one process
                that serves the folder; or a target of your own.
            folder: Its state; for `inproc`, one process at a time.
            on_input_request: Asked about the runs this client starts, before a person's inbox; see
                `OnInputRequest`. Close a client that has one in the task that made it.
            options: Of `assembly.open_local` for `inproc`. For `daemon`: `start=False` connects
                only if one is running, else one is started; what may be set of it is in the
                folder's file `gateway.toml`.

        Raises:
            DaemonFailed: There is no daemon, or none comes up.
            StateLocked: Another process has the folder (`inproc`).
        """
        if adapter == "inproc":
            prompter = NO_PROMPTER if on_input_request is None else HostPrompter(on_input_request)
            return cls(await _inproc().open(folder, prompter, **options))
        if adapter == "daemon":
            daemon = await DaemonTarget.open(folder, **options)
            if on_input_request is None:
                return cls(daemon)
            return cls(await HostWatch(daemon, on_input_request).start())
        return cls(adapter)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let the target go."""
        await self._target.aclose()

    async def execute(self, code: str, *, compute_s: float | None = None) -> TaskRun:
        """Run code to its end, over all pauses."""
        return await self._run("execute", code=code, compute_s=compute_s)

    async def start(self, code: str, *, compute_s: float | None = None) -> TaskRun:
        """Begin a run."""
        return await self._run("runs.start", code=code, compute_s=compute_s)

    async def wait(self, run: str, *, through_pauses: bool = True) -> TaskRun:
        """Wait for a run's end, or for its next pause."""
        return await self._run("runs.wait", run=run, through_pauses=through_pauses)

    async def cancel(self, run: str) -> TaskRun:
        """End a run."""
        return await self._run("runs.cancel", run=run)

    async def run(self, run: str) -> TaskRun:
        """A run as it is now."""
        return await self._run("runs.get", run=run)

    async def runs(self, *, limit: int | None = None) -> list[TaskRun]:
        """Runs, oldest first.

        Args:
            limit: How many of the latest; all that are kept, whose results may be many MiB, for
                None.
        """
        return [
            TaskRun.model_validate(found) for found in await self._ask("runs.list", limit=limit)
        ]

    async def calls(self, run: str) -> list[CallRecord]:
        """A run's calls."""
        found = await self._ask("runs.calls", run=run)
        return [CallRecord.model_validate(call) for call in found]

    async def sources(self) -> list[Source]:
        """All sources."""
        return [Source.model_validate(found) for found in await self._ask("sources.list")]

    async def add_source(self, **place: Any) -> Source:
        """Add a source; arguments as for `tools.executor.sources.add`, but nobody is asked."""
        return Source.model_validate(await self._ask("sources.add", **place))

    async def remove_source(self, source: str) -> Source:
        """Remove a source, by id or namespace."""
        return Source.model_validate(await self._ask("sources.remove", source=source))

    async def refresh_source(self, source: str) -> Source:
        """Read a source anew."""
        return Source.model_validate(await self._ask("sources.refresh", source=source))

    async def connect(self, source: str, scheme: AuthScheme, value: str) -> CredentialRef:
        """Give a source a credential."""
        given = {"source": source, "scheme": scheme.model_dump(), "value": value}
        return CredentialRef.model_validate(await self._ask("sources.connect", **given))

    async def policies(self) -> list[PolicyRule]:
        """All rules."""
        return [PolicyRule.model_validate(found) for found in await self._ask("policies.list")]

    async def add_policy(self, pattern: str, action: PolicyAction, **options: Any) -> PolicyRule:
        """Add a rule; `options` are `scope` and `reason`."""
        found = await self._ask("policies.add", pattern=pattern, action=action, **options)
        return PolicyRule.model_validate(found)

    async def remove_policy(self, rule: str) -> PolicyRule:
        """Remove a rule by its id."""
        return PolicyRule.model_validate(await self._ask("policies.remove", rule=rule))

    async def search(self, query: str, *, source: str = "", limit: int = 10) -> list[Any]:
        """Find tools by words; each as `{path, summary, effect, policy}`, the best first."""
        found = {"query": query, "limit": limit} | ({"source": source} if source else {})
        return await self._ask("tools.search", **found)

    async def describe(self, path: str) -> dict[str, Any]:
        """All about one tool, the JSON Schema of its arguments included."""
        return await self._ask("tools.describe", path=path)

    async def explain(self, path: str) -> PolicyDecision:
        """What happens to calls of a tool, and why."""
        return PolicyDecision.model_validate(await self._ask("policies.explain", path=path))

    async def inbox(self) -> list[Interaction]:
        """Questions that wait for a person."""
        return [Interaction.model_validate(found) for found in await self._ask("inbox.list")]

    async def answer(self, interaction: str, answer: Answer) -> Interaction:
        """Answer a question, once."""
        said = told_answer(answer)
        return Interaction.model_validate(await self._ask("inbox.answer", id=interaction, **said))

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Events from now on, to follow runs by."""
        return self._target.events()

    async def _run(self, method: str, **params: Any) -> TaskRun:
        return TaskRun.model_validate(await self._ask(method, **params))

    async def _ask(self, method: str, **params: Any) -> Any:
        return await self._target.request(method, params)


def _inproc() -> type[InprocTarget]:
    # Loaded here: it brings the whole gateway, which clients of a daemon do not need.
    return import_module("executus_gateway.sdk.inproc").InprocTarget
