"""What an executor gives each of its runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from executus.compact import Compactor
from executus.config import Config
from executus.dispatchguard import Guard, Lineage
from executus.invocation import Invocation
from executus.lane import Lane
from executus.pendingattach import Outbox
from executus.registry import CallPolicy, ToolRegistry, Visibility
from executus.run.agent import RunnableAgent
from executus.run.histories import EncodedHistories
from executus.run.info import RunInfo
from executus.run.journal import RunJournal
from executus.run.ports import Ports
from executus.run.result import RunResult
from executus.run.treeaccount import TreeAccount
from executus.run.unwritten import Unwritten
from majordomo.clock import Clock
from majordomo.llm import Model

__all__ = ["Dispatch", "Kit", "LiveRun"]

Dispatch: TypeAlias = "Callable[[RunnableAgent[Any] | str, Invocation], Awaitable[RunResult[Any]]]"
"""Runs an agent, or the one of that name, below the run named by the invocation's `parent`."""


class LiveRun(Protocol):
    """A run in progress, as its relatives see it."""

    @property
    def info(self) -> RunInfo:
        """What it is."""
        ...

    @property
    def lineage(self) -> Lineage | None:
        """Its place in the tree of runs."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Attachments of its tree."""
        ...

    @property
    def journal(self) -> RunJournal:
        """What it writes down."""
        ...

    @property
    def account(self) -> TreeAccount:
        """What it and all below it spend."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What an executor gives each of its runs.

    Attributes:
        clock: Tells and limits time.
        ports: The host's side.
        find_registry, policy, visibility: The tools, and who may use which, when.
        resolve_model: Finds the model an agent or a phase names.
        config: Bounds that nobody has given.
        system_header: Put before every agent's instructions.
        lane: Slots for runs that nobody dispatched; None for no bound.
        guard: Decides which runs may dispatch which.
        compactor: Fits transcripts into context windows.
        dispatch: Runs an agent on behalf of a tool.
        agents: Agents that may be dispatched by name.
        new_id: Makes ids.
        histories: What earlier runs encoded.
        live: Runs in progress, by id.
        spool: Ended runs whose terminal record could not be written yet.
    """

    clock: Clock
    ports: Ports
    find_registry: Callable[[], ToolRegistry]
    policy: CallPolicy
    visibility: Visibility
    resolve_model: Callable[[Model | str | None], Awaitable[Model]]
    config: Config
    system_header: str
    lane: Lane | None
    guard: Guard
    compactor: Compactor
    dispatch: Dispatch
    agents: Mapping[str, RunnableAgent[Any]]
    new_id: Callable[[], str]
    histories: EncodedHistories
    live: dict[str, LiveRun] = field(default_factory=dict[str, LiveRun])
    spool: list[Unwritten] = field(default_factory=list[Unwritten])

    @property
    def registry(self) -> ToolRegistry:
        """The tools; made when first asked for, because many runs name none."""
        return self.find_registry()
