"""The front door: an executor runs agents, bounded and observed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

from typing_extensions import TypeVar

from executus.errors import RunRejected, SetupError
from executus.events import CallbackSink, EventSink, OnEvent
from executus.invocation import Invocation, Limits
from executus.registry import ToolRegistry, default_registry
from executus.run.agent import RunnableAgent
from executus.run.handle import QueueSink, RunHandle, RunStream
from executus.run.kernel import execute
from executus.run.ports import NO_AUDIT, Ports, RunInfo
from executus.run.result import RunResult
from executus.run.stages import flush
from executus.run.state import RunState
from majordomo.agent import Agent
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import Model
from majordomo.models import ModelRegistry
from majordomo.tasks import TaskOwner, finish, run_sync

__all__ = ["MODEL_VARIABLE", "Executor"]

Out = TypeVar("Out", default=str)

MODEL_VARIABLE = "EXECUTUS_MODEL"


def as_runnable(agent: Agent[Any, Out], invocation: Invocation) -> RunnableAgent[Out]:
    """A majordomo agent as data; its hooks belong to its own loop and stay there."""
    return RunnableAgent(
        name=agent.name,
        instructions=agent.system(invocation.deps),
        model=agent.model,
        tools=agent.tools,
        output=agent.output,
        settings=agent.settings,
    )


def new_run_id() -> str:
    """A fresh run id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


class Executor:
    """Runs agents: each run bounded, observable, and ended with exactly one record.

    `run` works at once. `start` needs the block, `async with Executor() as executor`, which owns
    background runs and ends them on leaving.

    Args:
        models: Names to models; the default registry (built-in providers, environment) otherwise.
        model: Model of agents that name none; else the variable `EXECUTUS_MODEL`.
        registry: Tools that agents are granted by name; the toolsets `clock` and `calc` otherwise.
        defaults: Bounds of runs that bring none.
        ports: The host's side; see `Ports`.
        system_header: Put before every agent's instructions.
        on_event: Called with every event of every run.
        clock: Tells and limits time.
        new_id: Makes run ids.

    Example:
        >>> from executus import Executor, RunnableAgent
        >>> agent = RunnableAgent(name="helper", model="fake", tools=["calc.*"])
        >>> Executor().run_sync(agent, "what is 6*7?").output
        '42'
    """

    def __init__(
        self,
        *,
        models: ModelRegistry = DEFAULT_REGISTRY,
        model: Model | str | None = None,
        registry: ToolRegistry | None = None,
        defaults: Limits = Limits(),
        ports: Ports = Ports(),
        system_header: str = "",
        on_event: OnEvent | None = None,
        clock: Clock = SYSTEM_CLOCK,
        new_id: Callable[[], str] = new_run_id,
    ) -> None:
        self.models = models
        self.registry = default_registry() if registry is None else registry
        self.defaults = defaults
        self.ports = ports
        self._model = model
        self._system_header = system_header
        self._clock = clock
        self._new_id = new_id
        self._owner: TaskOwner | None = None
        self._spool: list[RunState[Any]] = []
        audit: list[EventSink] = [] if ports.audit is NO_AUDIT else [ports.audit]
        self._sinks = (*audit, *([CallbackSink(on_event)] if on_event else []))

    async def __aenter__(self) -> Self:
        if self._owner is not None:
            raise SetupError("this executor's block is entered already; use one block at a time")
        self._owner = TaskOwner()
        await self._owner.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        owner, self._owner = self._owner, None
        assert owner is not None  # noqa: S101 - set by __aenter__
        try:
            await owner.__aexit__(exc_type, exc, traceback)
        finally:
            if self._spool:
                await finish(partial(flush, self._spool))

    async def run(
        self, agent: RunnableAgent[Out] | Agent[Any, Out], invocation: Invocation | str
    ) -> RunResult[Out]:
        """Run an agent and wait for its result.

        A failure of the run is a result, never an exception.

        Raises:
            BaseException: The caller's own cancellation, after the close stage.
        """
        return await execute(self._begin(agent, invocation, self._sinks))

    def run_sync(
        self, agent: RunnableAgent[Out] | Agent[Any, Out], invocation: Invocation | str
    ) -> RunResult[Out]:
        """`run` for synchronous code; works inside a running loop (a notebook) too."""
        return run_sync(self.run, agent, invocation)

    def stream(
        self, agent: RunnableAgent[Out] | Agent[Any, Out], invocation: Invocation | str
    ) -> RunStream[Out]:
        """Run beside the caller and watch: `async with executor.stream(…) as run`.

        Leaving the block cancels a run that still goes on.
        """
        sink = QueueSink()
        return RunStream(self._begin(agent, invocation, (*self._sinks, sink)), sink)

    def start(
        self, agent: RunnableAgent[Out] | Agent[Any, Out], invocation: Invocation | str
    ) -> RunHandle[Out]:
        """Start a run that belongs to the executor.

        Only `RunHandle.cancel`, `max_runtime_s` or leaving the executor's block end it.

        Raises:
            SetupError: Called outside the executor's block.
        """
        if self._owner is None:
            raise SetupError("start() needs an owner: use it inside `async with Executor() as …`")
        sink = QueueSink()
        handle = RunHandle(self._begin(agent, invocation, (*self._sinks, sink)), sink)
        return handle.begin(self._owner)

    def _begin(
        self,
        agent: RunnableAgent[Out] | Agent[Any, Out],
        invocation: Invocation | str,
        sinks: Sequence[EventSink],
    ) -> RunState[Out]:
        if isinstance(invocation, str):
            invocation = Invocation(invocation)
        if isinstance(agent, Agent):
            agent = as_runnable(agent, invocation)
        limits = invocation.limits or agent.limits or self.defaults
        return RunState(
            agent=agent,
            invocation=invocation,
            info=RunInfo(
                run_id=invocation.run_id or self._new_id(),
                parent=invocation.parent,
                agent=agent.name,
                caller=invocation.caller,
                limits=limits,
                invocation=invocation,
                started=self._clock.wall(),
            ),
            limits=limits,
            ports=self.ports,
            clock=self._clock,
            registry=self.registry,
            resolve_model=self._resolve_model,
            system_header=self._system_header,
            sinks=sinks,
            started_monotonic=self._clock.monotonic(),
            spool=self._spool,
        )

    def _resolve_model(self, model: Model | str | None) -> Model:
        chosen = model or self._model or os.environ.get(MODEL_VARIABLE)
        if not chosen:
            raise RunRejected(
                f"no model is configured: set {MODEL_VARIABLE}=provider/model, "
                "or give the agent or the executor a model"
            )
        return self.models.parse(chosen) if isinstance(chosen, str) else chosen
