"""What every storage of journals must do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio

from executus.batteries.checkpoint import JournalStorage
from executus.run.journal import JournalConflict
from executus.testing.contracts.contract import Check, expect

__all__ = ["JOURNAL_CONTRACT"]

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def _refused(storage: JournalStorage, at: int, entries: Sequence[str]) -> bool:
    try:
        await storage.append("r", at, entries, NOW)
    except JournalConflict:
        return True
    return False


async def it_loads_what_was_appended_in_order(storage: JournalStorage) -> None:
    """Each run's own, every text as it was."""
    odd = 'é\n\0"\N{SNOWMAN}'
    await storage.append("r", 0, ["a", odd], NOW)
    await storage.append("other", 0, ["x"], NOW)
    await storage.append("r", 2, ["c"], NOW)
    expect(tuple(await storage.load("r")), ("a", odd, "c"), "entries")
    expect(tuple(await storage.load("nobody")), (), "entries of a run that is not known")
    many = tuple(str(number) for number in range(12))
    await storage.append("long", 0, many, NOW)
    expect(tuple(await storage.load("long")), many, "entries of a longer journal")


async def it_refuses_to_append_at_another_place(storage: JournalStorage) -> None:
    """Before the end, behind it, or to begin again: nothing changes."""
    expect(await _refused(storage, 1, ["b"]), True, "an entry at 1 of none was refused")
    await storage.append("r", 0, ["a", "b"], NOW)
    for at in (0, 1, 3):
        expect(await _refused(storage, at, ["z"]), True, f"an entry at {at} of 2 was refused")
    expect(tuple(await storage.load("r")), ("a", "b"), "entries after refusals")


async def an_end_forgets_the_run(storage: JournalStorage) -> None:
    """It may be repeated, and the run may begin again."""
    await storage.append("r", 0, ["a"], NOW)
    await storage.append("other", 0, ["x"], NOW)
    await storage.end("r")
    await storage.end("r")
    expect(tuple(await storage.load("r")), (), "entries after the end")
    expect(tuple(await storage.load("other")), ("x",), "entries of another run")
    left = [run.run_id for run in await storage.unfinished()]
    expect(left, ["other"], "unfinished runs after the end")
    await storage.append("r", 0, ["b"], NOW)
    expect(tuple(await storage.load("r")), ("b",), "entries of a second beginning")


async def it_lists_the_unfinished_runs(storage: JournalStorage) -> None:
    """Those touched first come first."""
    later = NOW + timedelta(seconds=1.5)
    await storage.append("r", 0, ["a"], NOW)
    await storage.append("s", 0, ["x"], NOW + timedelta(seconds=1))
    await storage.append("r", 1, ["b", "c"], later)
    found = [
        (run.run_id, run.entries, run.begun, run.touched) for run in await storage.unfinished()
    ]
    second = NOW + timedelta(seconds=1)
    expect(found, [("s", 1, second, second), ("r", 3, NOW, later)], "unfinished runs")


async def of_two_at_once_one_goes_on(storage: JournalStorage) -> None:
    """Twenty tasks append at the same place."""
    won: list[str] = []

    async def one(name: str) -> None:
        if not await _refused(storage, 0, [name]):
            won.append(name)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(partial(one, f"p{number}"))
    expect(len(won), 1, "tasks that went on")
    expect(tuple(await storage.load("r")), tuple(won), "entries")


JOURNAL_CONTRACT: tuple[Check[JournalStorage], ...] = (
    it_loads_what_was_appended_in_order,
    it_refuses_to_append_at_another_place,
    an_end_forgets_the_run,
    it_lists_the_unfinished_runs,
    of_two_at_once_one_goes_on,
)
