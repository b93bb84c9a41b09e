"""`executus runs resume`: go on with a run that this command began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executus.cli.display import Display
from executus.cli.process import FAILED
from executus.cli.run import AGENT, EXIT_CODES, REQUEST_KEY, agent_of
from executus.errors import SetupError
from executus.run import Executor, Ports
from executus.run.restore import restore
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["resume_run"]


async def resume_run(
    run_id: str, ports: Ports, display: Display, *, clock: Clock = SYSTEM_CLOCK
) -> int:
    """Go on with a run, show its events, and return the exit code.

    Raises:
        SetupError: Another program began it.
        RunRejected: There is nothing to resume.
    """
    restored = restore(run_id, await ports.checkpointer.load(run_id))
    asked: Mapping[str, Any] | None = restored.metadata.get(REQUEST_KEY)
    if restored.agent != AGENT or asked is None:
        raise SetupError(
            f"run {run_id} was begun by another program, which knows its agent "
            f"{restored.agent!r}: resume it there, with Executor.resume({run_id!r})"
        )
    started = clock.monotonic()
    executor = Executor(ports=ports, on_event=display.show)
    result = await executor.resume(run_id, agent=agent_of(asked, restored.limits))
    display.finish(result, clock.monotonic() - started)
    return EXIT_CODES.get(result.status, FAILED)
