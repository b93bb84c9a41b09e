"""`executus runs prune`: forget what a store has kept for long enough."""

from __future__ import annotations

from datetime import timedelta

from executus.batteries.retention import prune
from executus.cli.output import say, say_json
from executus.cli.process import DONE
from executus.cli.storing import Records
from executus.config import parse_duration
from executus.errors import SetupError

__all__ = ["age_of", "prune_runs"]


def age_of(text: str) -> timedelta:
    """The age meant by `30d` or `12h`.

    Raises:
        SetupError: It is none, not above zero, or has no unit: `90` meant as days would be seconds.
    """
    try:
        age = timedelta(seconds=parse_duration(text))
    except (ValueError, OverflowError):
        age = timedelta()
    if age <= timedelta():
        raise SetupError(f"--older {text!r} is no age above zero, such as 30d or 12h")
    if text.strip()[-1].isdigit():
        raise SetupError(f"--older {text!r} has no unit; write {text.strip()}d for days")
    return age


async def prune_runs(records: Records, age: timedelta, *, as_json: bool) -> int:
    """Forget what is older, tell how much it was, and return the exit code."""
    forgotten = {kind: await prune(age, kept) for kind, kept in records.prunable.items()}
    if as_json:
        say_json(forgotten)
    else:
        say("forgotten: " + ", ".join(f"{count} {kind}" for kind, count in forgotten.items()))
    return DONE
