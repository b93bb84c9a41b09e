"""`executus run`: one agent run, shown live."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio

from executus.cli.display import Display
from executus.cli.output import OutputLost
from executus.cli.process import DONE, FAILED, MISUSED
from executus.errors import SetupError
from executus.invocation import Invocation, Limits
from executus.run import MODEL_VARIABLE, Executor, RunnableAgent, RunStatus, RunStream
from executus.run.ports import Ports
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.errors import UnknownModel
from majordomo.llm import Part
from majordomo.models import DynamicModel, ModelRegistry
from majordomo.models.listing import access_of

__all__ = [
    "AGENT",
    "EXIT_CODES",
    "REQUEST_KEY",
    "RunRequest",
    "agent_of",
    "require_access",
    "run_task",
]

AGENT = "cli"
REQUEST_KEY = "executus.cli"
"""Under which a run's metadata say what the command line asked for."""

EXIT_CODES = {RunStatus.OK: DONE, RunStatus.REJECTED: MISUSED}
"""Exit code of each status; every other one is 1. A signal has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What the command line asks for; see `executus run --help`."""

    content: list[Part]
    model: str | None = None
    tools: tuple[str, ...] = ()
    instructions: str = ""
    max_steps: int = 10
    max_runtime_s: float = 600.0


async def run_task(request: RunRequest, display: Display, ports: Ports = Ports()) -> int:
    """Run the task, show its events, and return the exit code.

    An interrupted run is shown, too, with what it had achieved: its close stage comes first.

    Raises:
        SetupError: No target of the model can be asked.
        UnknownModel: The model means nothing.
        OutputLost: Nobody takes the output; the run is cancelled and closed.
    """
    invocation = Invocation(request.content, metadata={REQUEST_KEY: _asked(request)})
    run = Executor(ports=ports).stream(_agent(request), invocation)
    is_lost = False
    try:
        async with run:
            await _show(run, display)
    except OutputLost:
        is_lost = True
        raise
    finally:
        if not is_lost:
            with anyio.CancelScope(shield=True):  # nothing waits: the run has ended
                await _show(run, display)
            display.finish(run.result, run.tally.elapsed_s)
    return EXIT_CODES.get(run.result.status, FAILED)


def _agent(request: RunRequest) -> RunnableAgent:
    limits = Limits(max_steps=request.max_steps, max_runtime_s=request.max_runtime_s)
    return agent_of(_asked(request), limits)


def _asked(request: RunRequest) -> dict[str, Any]:
    """What a resumption needs to know that a journal does not say."""
    return {
        "model": request.model,
        "tools": list(request.tools),
        "instructions": request.instructions,
    }


def agent_of(asked: Mapping[str, Any], limits: Limits) -> RunnableAgent:
    """The agent of a command line, from what its run's metadata say."""
    return RunnableAgent(
        name=AGENT,
        instructions=asked["instructions"],
        model=asked["model"],
        tools=asked["tools"],
        limits=limits,
    )


async def _show(run: RunStream, display: Display) -> None:
    async for event in run:
        display.show(event)


def require_access(spec: str | None, registry: ModelRegistry = DEFAULT_REGISTRY) -> None:
    """Refuse a model none of whose targets can be asked, before anything is dialled.

    Args:
        spec: The model; None for the one of `EXECUTUS_MODEL`.
        registry: What knows it.

    Raises:
        SetupError: Each target lacks a key or a URL; the sentence says what to set.
        UnknownModel: The model means nothing.
    """
    chosen = spec or os.environ.get(MODEL_VARIABLE)
    if not chosen:
        return  # the run itself says what is missing
    model = registry.parse(chosen)
    if isinstance(model, DynamicModel):
        return
    lacking = {one.target: _missing(registry, one.target.provider) for one in model.models}
    if all(lacking.values()):
        raise SetupError(
            "; ".join(f"{target} is not set up: {do}" for target, do in lacking.items())
        )


def _missing(registry: ModelRegistry, provider: str) -> str:
    try:
        return access_of(registry.provider(provider)).missing
    except UnknownModel:  # it calls itself otherwise than it is registered
        return ""
