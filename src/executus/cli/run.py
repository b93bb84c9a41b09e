"""`executus run`: one agent run, shown live."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import anyio

from executus.cli.asking import TerminalAsker
from executus.cli.display import Display
from executus.cli.equipment import equipped
from executus.cli.output import OutputLost
from executus.cli.process import DONE, FAILED, MISUSED
from executus.cli.setting import Setting
from executus.cli.targets import missing_of
from executus.errors import SetupError
from executus.invocation import Invocation, Limits
from executus.model import MODEL_VARIABLE, ModelTiers
from executus.run import RunnableAgent, RunResult, RunStatus, RunStream
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.llm import Part
from majordomo.models import ModelRegistry

__all__ = ["EXIT_CODES", "RunRequest", "require_access", "run_task", "show_run"]

EXIT_CODES = {RunStatus.OK: DONE, RunStatus.REJECTED: MISUSED}
"""Exit code of each status; every other one is 1. A signal has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What the command line asks for; see `executus run --help`.

    What is None or empty is the agent's own.
    """

    content: Sequence[Part] = ()
    model: str | None = None
    tools: tuple[str, ...] = ()
    instructions: str = ""
    max_steps: int | None = None
    max_runtime_s: float | None = None
    setting: Setting = field(default_factory=Setting)

    def agent(self, base: RunnableAgent) -> RunnableAgent:
        """The agent to run: what was asked for, over what its file says."""
        return replace(
            base,
            instructions=self.instructions or base.instructions,
            model=self.model or base.model,
            tools=self.tools or base.tools,
            limits=self._limits(base.limits),
        )

    def _limits(self, own: Limits | None) -> Limits | None:
        asked: dict[str, Any] = {
            "max_steps": self.max_steps,
            "max_runtime_s": self.max_runtime_s,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return Limits(**given).over(own or Limits()) if given else own


async def run_task(request: RunRequest, display: Display) -> int:
    """Run the task, show its events, and return the exit code.

    Raises:
        SetupError: No target of the model can be asked, or a file cannot be read.
        ExecutusError: The store cannot be opened.
        UnknownModel: The model means nothing.
        OutputLost: Nobody takes the output; the run is cancelled and closed.
    """
    async with equipped(request.setting) as equipment:
        agent = request.agent(equipment.agent)
        if isinstance(agent.model, str):
            await require_access(agent.model)
        invocation = Invocation(request.content, metadata=equipment.metadata(agent))
        run = equipment.executor.stream(agent, invocation)
        result = await show_run(run, display=display, asker=equipment.asker)
    return EXIT_CODES.get(result.status, FAILED)


async def show_run(
    run: RunStream,
    *,
    display: Display,
    asker: TerminalAsker,
    keep: Callable[[RunResult], object] = lambda _: None,
) -> RunResult:
    """Make a run and show its events.

    An interrupted run is shown, too, with what it had achieved: its close stage comes first.

    Args:
        run: Not yet begun.
        display: Shows it.
        asker: Answers its questions.
        keep: Given the result, also that of a run whose cancellation goes on.

    Raises:
        OutputLost: Nobody takes the output; the run is cancelled and closed.
    """
    asker.begin(display)
    is_lost = False
    try:
        async with run:
            await _show(run, display, asker)
    except OutputLost:
        is_lost = True
        raise
    finally:
        keep(run.result)
        if not is_lost:
            with anyio.CancelScope(shield=True):  # nothing waits: the run has ended
                await _show(run, display, asker)
            display.finish(run.result, run.tally.elapsed_s)
    return run.result


async def _show(run: RunStream, display: Display, asker: TerminalAsker) -> None:
    async for event in run:
        display.show(event)
        asker.note(event)


async def require_access(spec: str | None, registry: ModelRegistry = DEFAULT_REGISTRY) -> None:
    """Refuse a model none of whose targets can be asked, before anything is dialled.

    Args:
        spec: The model, or a tier; None for the one of `EXECUTUS_MODEL`.
        registry: What knows it.

    Raises:
        SetupError: Each target lacks a key or a URL; the sentence says what to set.
        UnknownModel: The model means nothing.
    """
    chosen = spec or os.environ.get(MODEL_VARIABLE)
    if not chosen:
        return  # the run itself says what is missing
    chain = await ModelTiers(registry).resolve(chosen)
    lacking = {one.target: missing_of(registry, one.target.provider) for one in chain.models}
    if all(lacking.values()):
        raise SetupError(
            "; ".join(f"{target} is not set up: {do}" for target, do in lacking.items())
        )
