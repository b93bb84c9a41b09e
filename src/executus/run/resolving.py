"""The resolve stage: from what an agent names to models, tools and instructions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from executus.config import Config
from executus.errors import RunRejected, SetupError
from executus.invocation import Limits
from executus.money import Money
from executus.registry import Denial, PermissionStage, RegisteredTool, RunTools, own_tool
from executus.run.agent import Grant, Phase, RunnableAgent
from executus.run.leg import Leg
from executus.run.ports import ALL_TOOLS
from executus.run.state import RunState
from majordomo.chain import Chain
from majordomo.llm import Model, Usage
from majordomo.llm.outputtype import OutputType

__all__ = ["configured_limits", "limits_in_force", "resolve_legs"]


class AskGate(Protocol):
    """Asks a port that may refuse; see `executus.run.stages.ask_gate`."""

    def __call__(
        self,
        state: RunState[Any],
        name: str,
        ask: Callable[[], Awaitable[Any]],
        *,
        waits: bool = True,
    ) -> Awaitable[Any]:
        """Its answer."""
        ...


_LEAST_RUNTIME_S = 0.001
_ONE_PHASE = (Phase(name=""),)

_ALL_USUAL = replace(Limits())
_CONFIGURED: Mapping[str, Callable[[Config], Awaitable[Any]]] = {
    "max_steps": lambda config: config.get_int("max_steps", _ALL_USUAL.max_steps, minimum=1),
    "max_runtime_s": lambda config: config.get_duration(
        "max_runtime", _ALL_USUAL.max_runtime_s, minimum=_LEAST_RUNTIME_S
    ),
    "max_tool_calls": lambda config: config.get_int(
        "max_tool_calls", _ALL_USUAL.max_tool_calls, minimum=0
    ),
    "max_tokens": lambda config: config.get_int("max_tokens", _ALL_USUAL.max_tokens, minimum=1),
}


async def limits_in_force(state: RunState[Any], ask_gate: AskGate) -> Limits:
    """All bounds of the run: what is given, else what is configured, else the default.

    Raises:
        RunRejected: The configuration did not answer, or cannot be read.
    """
    given, configured = state.info.limits, _ALL_USUAL
    asked = [name for name in _CONFIGURED if name not in given.given]
    if asked:
        config = state.kit.config
        read = partial(configured_limits, config, asked)
        configured = await ask_gate(state, "config", read, waits=config.waits)
    return given.over(configured)


async def configured_limits(config: Config, names: Iterable[str] = _CONFIGURED) -> Limits:
    """All bounds: those of these names as a host has configured them, else the defaults.

    Raises:
        BadSetting: One of them cannot be read.
    """
    found = {name: await _CONFIGURED[name](config) for name in names}
    if all(value == getattr(_ALL_USUAL, name) for name, value in found.items()):
        return _ALL_USUAL  # most hosts configure none, and each run asks
    return Limits(**found).over(_ALL_USUAL)


async def resolve_legs(state: RunState[Any], ask_gate: AskGate) -> Sequence[Leg]:
    """Everything the run's phases name, found.

    Raises:
        ConfigError: A model's name means nothing.
        SetupError: A grant matches no tool, or the phases are put together wrongly.
        RunRejected: The palette failed, or the price of a model is unknown and cost is limited.
    """
    agent = state.agent
    phases = agent.phases or _ONE_PHASE
    if agent.phases:
        _check_phases(agent, phases)
    return [await _resolve(state, phase, ask_gate, last=phase is phases[-1]) for phase in phases]


def _check_phases(agent: RunnableAgent[Any], phases: Sequence[Phase]) -> None:
    names = [phase.name for phase in phases]
    if "" in names or len(set(names)) < len(names):
        raise SetupError(f"agent {agent.name!r}: each phase needs a name of its own, not {names}")
    if phases[-1].output not in (None, agent.output):
        raise SetupError(
            f"agent {agent.name!r}: its last phase's answer is the agent's; set the agent's output"
        )


async def _resolve(state: RunState[Any], phase: Phase, ask_gate: AskGate, *, last: bool) -> Leg:
    agent = state.agent
    model = await state.kit.resolve_model(phase.model or agent.model)
    _check_price(state, model)
    grants = agent.tools if phase.tools is None else phase.tools
    texts = (state.kit.system_header, agent.instructions, phase.instructions)
    skills = (skill.instructions for skill in agent.skills)
    return Leg(
        name=phase.name,
        model=model,
        system="\n\n".join(text for text in (*texts, *skills) if text),
        tools=await _offered(state, grants, ask_gate),
        on_demand=await _on_demand(state, ask_gate),
        output=OutputType(agent.output if last else phase.output or str),
        settings=phase.settings or agent.settings,
    )


async def _on_demand(state: RunState[Any], ask_gate: AskGate) -> RunTools | None:
    grants = state.agent.on_demand
    return await _offered(state, grants, ask_gate, own=False) if grants else None


def _check_price(state: RunState[Any], model: Model) -> None:
    """A bound on cost holds only where each target's price is known."""
    if state.info.limits.max_cost is None:
        return
    models = model.models if isinstance(model, Chain) else (model,)
    for target in (one.target for one in models):
        price = state.kit.ports.prices.cost(target, Usage(input=0, output=0, requests=1))
        if price is None:
            raise RunRejected(
                f"max_cost is set, and the price of {target} is unknown; give Ports(prices=…) "
                "one that knows it, or limit max_tokens instead"
            )
        _ = price + Money(0, state.info.limits.max_cost.currency)  # the same currency


async def _offered(
    state: RunState[Any],
    grants: Sequence[Grant],
    ask_gate: AskGate,
    *,
    own: bool = True,
) -> RunTools:
    """Granted tools that the caller and the palette let this run see, then the agent's own."""
    agent, info, kit = state.agent, state.info, state.kit
    patterns = [grant for grant in grants if isinstance(grant, str)]
    offered: Sequence[RegisteredTool] = ()
    if patterns:
        offered = kit.registry.offer(
            patterns, deny=agent.deny, caller=info.caller, visibility=kit.visibility
        )
    hidden: frozenset[str] = frozenset()
    if offered and kit.ports.palette is not ALL_TOOLS:
        names = [tool.name for tool in offered]
        seen = await ask_gate(state, "palette", lambda: kit.ports.palette.visible(info, names))
        hidden = frozenset(names).difference(seen)
        offered = [tool for tool in offered if tool.name not in hidden]
    brought = [grant for grant in grants if not isinstance(grant, str)]
    if own:
        for skill in agent.skills:
            brought += skill.tools
    return RunTools(
        (*offered, *map(own_tool, brought)),
        caller=info.caller,
        clock=kit.clock,
        secrets=kit.ports.secrets,
        overflow=state.overflow,
        scrubber=state.scrubber,
        why_not=partial(_why_not, state, patterns, hidden),
        secrets_timeout_s=info.limits.port_timeout_s,
    )


def _why_not(
    state: RunState[Any], patterns: Sequence[str], hidden: frozenset[str], name: str
) -> Denial | None:
    """Why a tool that the model asks for is not offered."""
    kit = state.kit
    entry = kit.registry.find(name)
    if entry is None:
        return None
    denial = kit.registry.why_not(
        name,
        patterns,
        deny=state.agent.deny,
        caller=state.info.caller,
        visibility=kit.visibility,
    )
    if denial is None and entry.name in hidden:
        denial = Denial(
            name=entry.name, stage=PermissionStage.VISIBILITY, reason="the palette hides it"
        )
    return denial
