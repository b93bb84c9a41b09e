"""What a `ScheduleStore` must do.

Each check takes a new, empty store and raises AssertionError:

    @pytest.mark.parametrize("check", SCHEDULE_CONTRACT)
    async def test_my_schedule(check):
        await check(MySchedule())
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import anyio

from executus.batteries.schedule import Job, Misfire, Overlap, ScheduledJob, ScheduleStore

__all__ = ["SCHEDULE_CONTRACT"]

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_LATER = _NOON + timedelta(minutes=1)
_FULL = Job(
    id="job é 1",
    cron="*/5 1-3 * * *",
    zone="Europe/Berlin",
    payload={"skill": "haiku", "to": ["ann", 3, None, {"x": 1.5}]},
    key="ann",
    misfire=Misfire.ALL,
    overlap=Overlap.WAIT,
    jitter_s=1.5,
    enabled=False,
    extra={"mood": {"deep": [1, None, "é"]}},
)


def _must(claim: object, sentence: str) -> None:
    if not claim:
        raise AssertionError(sentence)


async def every_field_is_kept(store: ScheduleStore) -> None:
    """What is put is listed the same, by id; also fields of later releases."""
    _must(await store.list() == (), "a new store has jobs")
    _must(await store.put(_FULL, _NOON) is True, "a new job was not kept")
    first = replace(_FULL, id="a")
    await store.put(first, None)
    kept = (
        ScheduledJob(job=first, next_fire=None),
        ScheduledJob(job=_FULL, next_fire=_NOON),
    )
    _must(await store.list() == kept, "a field was lost, or jobs are not sorted by id")
    changed = replace(_FULL, cron="@daily")
    _must(await store.put(changed, _LATER, instead_of=kept[1]) is True, "a change was not kept")
    _must((await store.list())[1] == ScheduledJob(job=changed, next_fire=_LATER), "not replaced")
    _must(await store.remove("a") is True, "there was a job to remove")
    _must(await store.remove("a") is False, "there was none any more")
    _must(len(await store.list()) == 1, "another job was removed")


async def a_tick_is_not_put_back(store: ScheduleStore) -> None:
    """Who puts what they read earlier does nothing when the tick was claimed meanwhile."""
    await store.put(_FULL, _NOON)
    (read,) = await store.list()
    _must(await store.put(_FULL, _LATER) is False, "a job was put twice as new")
    await store.claim(_FULL.id, _NOON, _LATER)
    _must(await store.put(_FULL, _NOON, instead_of=read) is False, "a claimed tick was put back")
    (moved,) = await store.list()
    _must(moved == ScheduledJob(job=_FULL, next_fire=_LATER), "a refused put changed something")
    _must(await store.put(_FULL, None, instead_of=moved), "a job could not be changed")
    (never,) = await store.list()
    _must(never.next_fire is None, "a job without a next tick was given one")
    _must(await store.put(_FULL, _NOON, instead_of=never), "a job without a next tick is stuck")
    await store.remove(_FULL.id)
    _must(await store.put(_FULL, _NOON, instead_of=never) is False, "a removed job came back")
    _must(await store.list() == (), "a refused put kept something")


async def an_instant_is_kept_exactly(store: ScheduleStore) -> None:
    """Also its microseconds."""
    odd = _NOON + timedelta(microseconds=1)
    await store.put(_FULL, odd)
    _must((await store.list())[0].next_fire == odd, "an instant was rounded")
    _must(not await store.claim(_FULL.id, _NOON, None), "an instant was compared roughly")


async def a_tick_is_claimed_once(store: ScheduleStore) -> None:
    """By the one who knows it, and by nobody else."""
    await store.put(_FULL, _NOON)
    same = replace(_FULL, id="same time")
    await store.put(same, _NOON)
    _must(not await store.claim(_FULL.id, _LATER, None), "a tick that is not due was claimed")
    _must(not await store.claim("nobody", _NOON, None), "a job that is not there was claimed")
    _must(await store.claim(_FULL.id, _NOON, _LATER), "a due tick was not claimed")
    _must(not await store.claim(_FULL.id, _NOON, _LATER), "a tick was claimed twice")
    _must((await store.list())[0] == ScheduledJob(job=_FULL, next_fire=_LATER), "not moved on")
    _must(await store.claim(_FULL.id, _LATER, None), "the next tick was not claimed")
    _must((await store.list())[0].next_fire is None, "the last tick is followed by none")
    kept = (await store.list())[1]
    _must(kept == ScheduledJob(job=same, next_fire=_NOON), "another job's tick was claimed")


async def one_of_many_claims_wins(store: ScheduleStore) -> None:
    """Ten at once: one succeeds."""
    await store.put(_FULL, _NOON)
    won: list[bool] = []

    async def attempt() -> None:
        won.append(await store.claim(_FULL.id, _NOON, _LATER))

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(attempt)
    _must(won.count(True) == 1, f"{won.count(True)} claims of one tick succeeded")


async def one_leads_at_a_time(store: ScheduleStore) -> None:
    """Until its time is over, or it gives the lead back."""
    won: list[str] = []

    async def attempt(owner: str) -> None:
        if await store.lease(owner, _NOON, _LATER):
            won.append(owner)

    async with anyio.create_task_group() as tasks:
        for owner in "abcdef":
            tasks.start_soon(attempt, owner)
    _must(len(won) == 1, f"{len(won)} lead at the same time")
    other = "a" if won[0] != "a" else "b"
    second = _NOON + timedelta(seconds=1)
    _must(await store.lease(won[0], second, _LATER), "the leader could not go on")
    _must(not await store.lease(other, second, _LATER), "another took the lead")
    _must(not await store.lease(other, second, second), "another gave the lead back")
    _must(not await store.lease(other, second, _LATER), "another took what was not given back")
    _must(await store.lease(other, _LATER, _LATER + timedelta(minutes=1)), "a lead did not lapse")
    _must(await store.lease(other, _LATER, _LATER), "the leader could not give it back")
    _must(await store.lease(won[0], _LATER, _LATER + timedelta(minutes=1)), "nobody led")


ScheduleCheck: TypeAlias = Callable[[ScheduleStore], Awaitable[None]]

SCHEDULE_CONTRACT: tuple[ScheduleCheck, ...] = (
    every_field_is_kept,
    a_tick_is_not_put_back,
    an_instant_is_kept_exactly,
    a_tick_is_claimed_once,
    one_of_many_claims_wins,
    one_leads_at_a_time,
)
