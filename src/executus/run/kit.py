"""What an executor gives each of its runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from executus.compact import Compactor
from executus.config import Config
from executus.dispatchguard import Guard
from executus.lane import Lane
from executus.registry import CallPolicy, ToolRegistry, Visibility
from executus.run.ports import Ports
from majordomo.clock import Clock
from majordomo.llm import Model

if TYPE_CHECKING:
    from executus.invocation import Invocation
    from executus.run.agent import RunnableAgent
    from executus.run.closing import Unwritten
    from executus.run.result import RunResult
    from executus.run.state import RunState

__all__ = ["Dispatch", "Kit"]

Dispatch: TypeAlias = "Callable[[RunnableAgent[Any] | str, Invocation], Awaitable[RunResult[Any]]]"
"""Runs an agent, or the one of that name, below the run named by the invocation's `parent`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What an executor gives each of its runs.

    Attributes:
        clock: Tells and limits time.
        ports: The host's side.
        find_registry, policy, visibility: The tools, and who may use which, when.
        resolve_model: Finds the model an agent or a phase names.
        config: Bounds of runs that bring none.
        system_header: Put before every agent's instructions.
        lane: Slots for runs that nobody dispatched; None for no bound.
        guard: Decides which runs may dispatch which.
        compactor: Fits transcripts into context windows.
        dispatch: Runs an agent on behalf of a tool.
        agents: Agents that may be dispatched by name.
        new_id: Makes ids.
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
    live: dict[str, RunState[Any]] = field(default_factory=dict[str, "RunState[Any]"])
    spool: list[Unwritten] = field(default_factory=list["Unwritten"])

    @property
    def registry(self) -> ToolRegistry:
        """The tools; made when first asked for, because many runs name none."""
        return self.find_registry()
