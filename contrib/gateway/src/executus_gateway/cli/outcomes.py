"""What a run gave, written: its value to standard output, all else to standard error."""

from __future__ import annotations

from pydantic_core import to_json

from executus.cli.output import say, tell
from executus.cli.process import DONE, FAILED
from executus.printable import printable
from executus_gateway.schema import TaskRun

__all__ = ["say_outcome"]


def say_outcome(run: TaskRun) -> int:
    """Write it.

    Returns:
        The exit code: 1 when the code failed.

    Raises:
        OutputLost: Nobody takes the output.
    """
    outcome = run.outcome
    if outcome is None:
        return DONE
    if outcome.printed:
        tell(outcome.printed.rstrip("\n"))
    for value in outcome.emitted:
        tell(value if isinstance(value, str) else to_json(value).decode())
    if outcome.problem is not None:
        tell(f"executus-gateway: {outcome.problem.message}")
        return FAILED
    value = outcome.value
    say(printable(value) if isinstance(value, str) else to_json(value, indent=2))
    return DONE
