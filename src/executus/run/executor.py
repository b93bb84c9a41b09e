"""The front door: an executor runs agents, bounded and observed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from types import TracebackType
from typing import Any, Self

from typing_extensions import TypeVar

from executus import tools as toolsets
from executus.asking import NOBODY_TO_ASK, AskingCallback, CallbackAsker, Said
from executus.compact import Compactor, ContextCompactor
from executus.config import ENVIRONMENT, Config
from executus.dispatchguard import DispatchGuard, Guard
from executus.errors import RunRejected, SetupError
from executus.events import CallbackSink, EventSink, OnEvent
from executus.invocation import Invocation, Limits
from executus.lane import Lane
from executus.model import MODEL_VARIABLE, ModelTiers
from executus.registry import (
    ALLOW_GRANTED,
    ROLES,
    CallPolicy,
    ToolRegistry,
    Visibility,
)
from executus.run.agent import RunnableAgent, check_model
from executus.run.beginning import as_runnable, new_run, restored_info, resumed_run
from executus.run.closing import flush
from executus.run.handle import QueueSink, RunHandle, RunStream
from executus.run.histories import EncodedHistories
from executus.run.info import RunInfo
from executus.run.journal import NO_CHECKPOINTER
from executus.run.kernel import execute
from executus.run.kit import Kit
from executus.run.ports import NO_AUDIT, Ports
from executus.run.restore import RestoredRun, restore
from executus.run.result import RunResult
from executus.run.state import RunState
from majordomo.agent import Agent
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import did_you_mean
from majordomo.llm import Model
from majordomo.models import ModelRegistry
from majordomo.tasks import TaskOwner, finish, run_sync

__all__ = ["Executor"]

Out = TypeVar("Out", default=str)

_NONE_GIVEN = Limits()


def new_run_id() -> str:
    """A fresh run id: 32 hexadecimal digits."""
    return secrets.token_hex(16)


class Executor:
    """Runs agents: each run bounded, observable, and ended with exactly one record.

    `run` works at once. `start` needs the block, `async with Executor() as executor`, which owns
    background runs and ends them on leaving.

    Args:
        models: Names and tiers to models; the default registry (built-in providers, environment)
            otherwise.
        model: Model of agents that name none; else the key `model` of `config`, which is the
            variable `EXECUTUS_MODEL`.
        agents: Agents that tools may dispatch, and `resume` finds, by name.
        registry: Tools that agents are granted by name; those of `executus.tools.default_registry`
            otherwise: `clock`, `calc`, `store`, `compose`, `meta`, `web` and `net.dns_lookup`.
        policy: Decides about each call of a registered tool; by default what is granted is allowed.
        visibility: Decides which registered tools a caller may be offered; by default by role.
        defaults: Bounds that neither the invocation nor the agent gives. What they do not give is
            read from the keys `max_steps`, `max_runtime`, `max_tool_calls` and `max_tokens` of
            `config`, else it is the default of `Limits`.
        ports: The host's side; see `Ports`.
        compactor: Fits transcripts into context windows.
        context_tokens: Size of the window, where the model does not tell its own.
        system_header: Put before every agent's instructions.
        config: The host's settings; variables that begin with `EXECUTUS_` otherwise. Read anew by
            every run.
        lane: Slots for runs, shared fairly between callers; None for no bound. What a tool runs
            and waits for takes no slot.
        guard: Bounds runs that dispatch runs.
        on_event: Called with every event of every run.
        on_approval: Answers questions to a person, instead of `ports.ask`.
        clock: Tells and limits time.
        remember_bytes: Most bytes, about, of long conversations without media that stay encoded
            ten minutes after a run, for one that goes on with the same messages. 0: none.
        new_id: Makes run ids.

    Raises:
        SetupError: Two agents have the same name, both `on_approval` and `ports.ask` are given, or
            something is of the wrong kind.

    Example:
        >>> from executus import Executor, RunnableAgent
        >>> agent = RunnableAgent(name="helper", model="fake", tools=["calc.*"])
        >>> Executor().run_sync(agent, "what is 6*7?").output
        '42'
    """

    def __init__(
        self,
        *,
        models: ModelTiers | ModelRegistry = DEFAULT_REGISTRY,
        model: Model | str | None = None,
        agents: Iterable[RunnableAgent[Any]] = (),
        registry: ToolRegistry | None = None,
        policy: CallPolicy = ALLOW_GRANTED,
        visibility: Visibility = ROLES,
        defaults: Limits | None = None,
        ports: Ports = Ports(),
        compactor: Compactor | None = None,
        context_tokens: int | None = None,
        system_header: str = "",
        config: Config = ENVIRONMENT,
        lane: Lane | None = None,
        guard: Guard | None = None,
        on_event: OnEvent | None = None,
        on_approval: AskingCallback | None = None,
        clock: Clock = SYSTEM_CLOCK,
        remember_bytes: int = 32 * 2**20,
        new_id: Callable[[], str] = new_run_id,
    ) -> None:
        check_model(model)
        if defaults is not None and not isinstance(defaults, Limits):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SetupError(f"defaults must be Limits(…), not {defaults!r:.100}")
        self.config = config
        self.models = (
            ModelTiers(models, config=config, clock=clock)
            if isinstance(models, ModelRegistry)
            else models
        )
        self._registry = registry
        self.defaults = defaults
        self.ports = _with_asker(ports, on_approval)
        self.agents = _by_name(agents)
        self._model = model
        self._owner: TaskOwner | None = None
        self._kit = Kit(
            clock=clock,
            ports=self.ports,
            find_registry=lambda: self.registry,
            policy=policy,
            visibility=visibility,
            resolve_model=self._resolve_model,
            config=config,
            system_header=system_header,
            lane=lane,
            guard=guard or DispatchGuard(),
            compactor=compactor or ContextCompactor(context_tokens=context_tokens, clock=clock),
            dispatch=self._dispatch,
            agents=self.agents,
            new_id=new_id,
            histories=EncodedHistories(clock, most_bytes=remember_bytes),
        )
        audit: list[EventSink] = [] if ports.audit is NO_AUDIT else [ports.audit]
        self._sinks = (*audit, *([CallbackSink(on_event)] if on_event else []))

    @property
    def registry(self) -> ToolRegistry:
        """The tools that agents are granted by name."""
        if self._registry is None:
            self._registry = toolsets.default_registry()
        return self._registry

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
            self._kit.histories.clear()
            if self._kit.spool:
                await finish(partial(flush, self._kit.spool))

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

    async def info(self, run_id: str) -> RunInfo:
        """What a run that can be resumed was begun with: its agent's name, its caller, its input.

        For a host that makes its agents when they are needed, such as out of a store, and has to
        know whose run it is before it gives `resume` the agent.

        Raises:
            SetupError: There is no checkpointer.
            RunRejected: There is nothing to resume.
            Exception: What the checkpointer raised.
        """
        return restored_info(await self._restored(run_id))

    async def resume(
        self,
        run_id: str,
        *,
        answers: Mapping[str, Said] | None = None,
        agent: RunnableAgent[Out] | None = None,
        deps: object = None,
    ) -> RunResult[Out]:
        """Go on with a run that paused, was cancelled, failed, or lost its process.

        A call that has its result is not made again. Nor is one that was begun and is not
        idempotent: the model is told that it is in doubt.

        Args:
            run_id: Which run.
            answers: What was said, by `InputRequest.id`. What is not answered is asked again.
            agent: The run's agent; else the one of its name among the executor's agents.
            deps: Given to tools, like the invocation's.

        Raises:
            SetupError: There is no checkpointer, or no agent of that name.
            RunRejected: There is nothing to resume, or an answer is to nothing it asked.
            Exception: What the checkpointer raised.
        """
        return await execute(await self._resumed(run_id, answers, agent, deps, self._sinks))

    async def resume_stream(
        self,
        run_id: str,
        *,
        answers: Mapping[str, Said] | None = None,
        agent: RunnableAgent[Out] | None = None,
        deps: object = None,
    ) -> RunStream[Out]:
        """Go on with a run and watch: `async with await executor.resume_stream(…) as run`.

        Arguments and errors are those of `resume`; leaving the block is that of `stream`.
        """
        sink = QueueSink()
        sinks = (*self._sinks, sink)
        return RunStream(await self._resumed(run_id, answers, agent, deps, sinks), sink)

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
        state = self._begin(agent, invocation, (*self._sinks, sink))
        state.in_background = True
        return RunHandle(state, sink).begin(self._owner)

    def _begin(
        self,
        agent: RunnableAgent[Out] | Agent[Any, Out],
        invocation: Invocation | str,
        sinks: Sequence[EventSink],
    ) -> RunState[Out]:
        if not isinstance(invocation, Invocation):
            invocation = Invocation(invocation)
        fault: Exception | None = None
        if isinstance(agent, Agent):
            agent, fault = as_runnable(agent, invocation.deps)
        if not isinstance(agent, RunnableAgent):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SetupError(
                "an executor runs a RunnableAgent or a majordomo Agent, such as "
                f"RunnableAgent(model='fake'), not {agent!r:.100}"
            )
        limits = _layered(self.defaults, agent.limits, invocation.limits)
        state = new_run(self._kit, agent, invocation, limits=limits, sinks=sinks)
        state.fault = fault
        return state

    async def _resumed(
        self,
        run_id: str,
        answers: Mapping[str, Said] | None,
        agent: RunnableAgent[Out] | None,
        deps: object,
        sinks: Sequence[EventSink],
    ) -> RunState[Out]:
        restored = await self._restored(run_id)
        return resumed_run(
            self._kit,
            agent or self._known(restored.agent),
            restored,
            answers=answers or {},
            deps=deps,
            sinks=sinks,
        )

    async def _restored(self, run_id: str) -> RestoredRun:
        if self.ports.checkpointer is NO_CHECKPOINTER:
            raise SetupError("to resume needs journals: give the executor Ports(checkpointer=…)")
        return restore(run_id, await self.ports.checkpointer.load(run_id))

    async def _dispatch(
        self, agent: RunnableAgent[Any] | str, invocation: Invocation
    ) -> RunResult[Any]:
        known = self._known(agent) if isinstance(agent, str) else agent
        return await execute(self._begin(known, invocation, self._sinks))

    def _known(self, name: str) -> RunnableAgent[Any]:
        if name not in self.agents:
            hint = did_you_mean(name, self.agents)
            known = ", ".join(self.agents) or "none"
            raise SetupError(f"no agent is named {name!r}{hint} (Executor(agents=…) has: {known})")
        return self.agents[name]

    async def _resolve_model(self, model: Model | str | None) -> Model:
        chosen = model or self._model or await self.config.get("model")
        if not chosen:
            raise RunRejected(
                f"no model is configured: set {MODEL_VARIABLE}=provider/model, "
                "or give the agent or the executor a model"
            )
        if not isinstance(chosen, str):
            return chosen
        chain = await self.models.require(chosen)
        for one in chain.models:
            check_model(one)
        return chain


def _with_asker(ports: Ports, on_approval: AskingCallback | None) -> Ports:
    if not isinstance(ports, Ports):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise SetupError(f"ports must be Ports(audit=…), not {ports!r:.100}")
    if on_approval is None:
        return ports
    if ports.ask is not NOBODY_TO_ASK:
        raise SetupError("give either on_approval or Ports(ask=…), not both")
    return replace(ports, ask=CallbackAsker(on_approval))


def _layered(*least_specific_first: Limits | None) -> Limits:
    given = [limits for limits in least_specific_first if limits is not None]
    return reduce(lambda less, more: more.over(less), given) if given else _NONE_GIVEN


def _by_name(agents: Iterable[RunnableAgent[Any]]) -> Mapping[str, RunnableAgent[Any]]:
    known: dict[str, RunnableAgent[Any]] = {}
    for agent in agents:
        if agent.name in known:
            raise SetupError(f"two agents are named {agent.name!r}; names must differ")
        known[agent.name] = agent
    return known
