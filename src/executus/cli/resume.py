"""`executus runs resume`: go on with a run that this command began."""

from __future__ import annotations

from pathlib import Path

from executus.cli.asked import Asked
from executus.cli.display import Display
from executus.cli.equipment import AGENT, equipped
from executus.cli.process import FAILED
from executus.cli.run import EXIT_CODES, require_access, show_run
from executus.cli.setting import Setting
from executus.errors import SetupError
from executus.run import RunnableAgent
from executus.run.restore import RestoredRun

__all__ = ["resume_run"]


async def resume_run(restored: RestoredRun, answers: Setting, display: Display) -> int:
    """Go on with a run, show its events, and return the exit code.

    Args:
        restored: What its journal says.
        answers: The store, and who answers for its calls; its `ask` empty for what the run had.
        display: Shows it.

    Raises:
        SetupError: Another program began it, or its agent's file is gone or another agent's.
        RunRejected: There is nothing to resume.
        OutputLost: Nobody takes the output; the run is cancelled and closed.
    """
    asked = _asked(restored)
    async with equipped(asked.setting(answers)) as equipment:
        _require_same(equipment.agent, restored, asked)
        agent = asked.apply(equipment.agent)
        if isinstance(agent.model, str):
            await require_access(agent.model)
        run = await equipment.executor.resume_stream(restored.run_id, agent=agent)
        result = await show_run(run, display=display, asker=equipment.asker)
    return EXIT_CODES.get(result.status, FAILED)


def _asked(restored: RestoredRun) -> Asked:
    run_id = restored.run_id
    if restored.parent:
        raise SetupError(
            f"run {run_id} was dispatched by run {restored.parent}: resume that one instead"
        )
    asked = Asked.of(restored.metadata)
    if asked is None or (restored.agent != AGENT and not asked.agent):
        raise SetupError(
            f"run {run_id} was begun by another program, which knows its agent "
            f"{restored.agent!r}: resume it there, with Executor.resume({run_id!r})"
        )
    if asked.agent and not Path(asked.agent).is_file():
        raise SetupError(
            f"the agent of run {run_id} is gone: put its file back as {asked.agent} to resume it"
        )
    return asked


def _require_same(agent: RunnableAgent, restored: RestoredRun, asked: Asked) -> None:
    if agent.name != restored.agent:
        raise SetupError(
            f"run {restored.run_id} was begun by the agent {restored.agent!r}, and {asked.agent} "
            f"now defines {agent.name!r}: name it {restored.agent!r} again to resume it"
        )
