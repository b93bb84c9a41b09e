"""What every audit store and every run index must do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio

from executus.batteries.audit import (
    AuditRecord,
    AuditStore,
    DenialRecord,
    RunIndex,
    RunQuery,
    RunRecord,
    ToolCallRecord,
    record_from_json,
)
from executus.testing.contracts.contract import Check, expect

__all__ = ["AUDIT_CONTRACT", "RUNS_CONTRACT"]

START = datetime(2026, 1, 1, tzinfo=UTC)


def _denial(number: int, run_id: str = "r") -> DenialRecord:
    return DenialRecord(
        id=f"{run_id}-{number}",
        run_id=run_id,
        at=START,
        call_id=f"c{number}",
        tool="disk.write",
        stage="grant",
        reason="no \N{SNOWMAN}",
    )


def _run(run_id: str, *, minutes: int = 0) -> RunRecord:
    return RunRecord(
        id=run_id,
        run_id=run_id,
        at=START,
        parent=None,
        root=run_id,
        agent="helper",
        caller="ann",
        status="ok",
        started=START + timedelta(minutes=minutes),
    )


async def it_reads_what_was_written_in_that_order(store: AuditStore) -> None:
    """Each run's own."""
    mine = [_denial(number) for number in (2, 0, 1)]
    await store.write([mine[0], _denial(7, "other"), *mine[1:]])
    expect(tuple(await store.read("r")), tuple(mine), "records of the run")
    expect(tuple(await store.read("nobody")), (), "records of a run that is not known")


async def to_write_again_replaces_and_keeps_the_place(store: AuditStore) -> None:
    """A write whose acknowledgement was lost may be repeated."""
    first, second = _denial(1), _denial(2)
    await store.write([first, second])
    changed = replace(first, reason="another")
    await store.write([changed])
    expect(tuple(await store.read("r")), (changed, second), "records after a second write")
    await store.write([first, changed])
    expect(tuple(await store.read("r")), (changed, second), "records after one of both")


async def it_keeps_every_field_and_those_of_later_releases(store: AuditStore) -> None:
    """Fields, and kinds, that this release does not know come back as they went."""
    call = ToolCallRecord(
        id="1",
        run_id="r",
        at=START,
        call_id="c",
        tool="t",
        arguments='{"a": "\\u0000"}',
        text="x" * 10_000,
        outcome="error",
        images=2,
        started=START,
        ended=START + timedelta(microseconds=1),
        extra={"colour": {"deep": [1, None, "é"]}},
    )
    base = {"id": "2", "run_id": "r", "at": START.isoformat()}
    later = record_from_json({**base, "kind": "thought", "mood": "good"})
    await store.write([call, later])
    found: tuple[AuditRecord, ...] = tuple(await store.read("r"))
    expect(found, (call, later), "records with unknown fields")


async def many_writers_lose_nothing(store: AuditStore) -> None:
    """Forty tasks write five records each, at once."""

    async def one(run_id: str) -> None:
        for number in range(5):
            await store.write([_denial(number, run_id)])

    async with anyio.create_task_group() as group:
        for number in range(40):
            group.start_soon(partial(one, f"r{number}"))
    lengths = {len(await store.read(f"r{number}")) for number in range(40)}
    expect(lengths, {5}, "records per run")


async def it_keeps_one_record_per_run(index: RunIndex) -> None:
    """The last that was put."""
    expect(await index.get("r"), None, "a run that is not known")
    ended = replace(
        _run("r"),
        ended=START,
        warnings=("one", "two"),
        cost="0.1 USD",
        metadata={"tenant": "t", "deep": [1, {"a": None}]},
        extra={"later": 1},
    )
    await index.put(_run("r"))
    await index.put(ended)
    expect(await index.get("r"), ended, "the run's record")
    expect(tuple(await index.list(RunQuery())), (ended,), "all runs")


async def it_finds_a_run_by_what_it_has_become(index: RunIndex) -> None:
    """And no more by what it was."""
    await index.put(replace(_run("r"), status="running"))
    await index.put(
        replace(_run("r", minutes=9), status="ok", caller="bob", agent="other", root="top")
    )
    for was in (RunQuery(status="running"), RunQuery(caller="ann"), RunQuery(agent="helper")):
        expect(await _ids(index, was), [], f"runs of {was}")
    later = START + timedelta(minutes=9)
    now = RunQuery(status="ok", caller="bob", agent="other", root="top", after=later)
    expect(await _ids(index, now), ["r"], f"runs of {now}")


async def it_lists_the_latest_first_in_pages(index: RunIndex) -> None:
    """Those that began at the same time by run id, descending."""
    for name, minutes in (("a", 1), ("b", 3), ("c", 2), ("d", 2)):
        await index.put(_run(name, minutes=minutes))
    expect(await _ids(index, RunQuery()), ["b", "d", "c", "a"], "order")
    expect(await _ids(index, RunQuery(limit=2, offset=1)), ["d", "c"], "second and third")
    await index.put(replace(_run("e"), caller="bob"))
    expect(await _ids(index, RunQuery(caller="bob", limit=1)), ["e"], "one of those that match")
    rest = await _ids(index, RunQuery(caller="ann", limit=9, offset=3))
    expect(rest, ["a"], "those that match, but for three")


async def it_finds_runs_by_what_is_asked(index: RunIndex) -> None:
    """All that is given must match; a run that begins at `before` is left out."""
    await index.put(_run("a", minutes=1))
    await index.put(replace(_run("b", minutes=2), caller="bob", status="failed"))
    await index.put(replace(_run("c", minutes=3), agent="other", root="b"))
    queries = {
        "a c": RunQuery(caller="ann"),
        "c": RunQuery(caller="ann", agent="other"),
        "b": RunQuery(status="failed"),
        "b c": RunQuery(after=START + timedelta(minutes=2)),
        "a": RunQuery(before=START + timedelta(minutes=2)),
        "": RunQuery(caller="nobody"),
        "a b": RunQuery(agent="helper"),
    }
    for promised, query in queries.items():
        expect(" ".join(sorted(await _ids(index, query))), promised, f"runs of {query}")
    expect(sorted(await _ids(index, RunQuery(root="b"))), ["b", "c"], "runs of a tree")


async def it_finds_runs_by_how_their_ids_begin(index: RunIndex) -> None:
    """In the same case, whatever characters those are, and together with what else is asked."""
    for minutes, name in enumerate(("ab", "abc", "aB", "b_", "b%", "é")):
        await index.put(_run(name, minutes=minutes))
    prefixes = {"ab": "abc ab", "abc": "abc", "a": "aB abc ab", "b_": "b_", "b%": "b%", "é": "é"}
    for prefix, promised in {**prefixes, "abcd": "", "": "é b% b_ aB abc ab"}.items():
        found = " ".join(await _ids(index, RunQuery(id_prefix=prefix)))
        expect(found, promised, f"runs whose ids begin with {prefix!r}")
    both = await _ids(index, RunQuery(id_prefix="a", caller="nobody"))
    expect(both, [], "runs of nobody")


async def _ids(index: RunIndex, query: RunQuery) -> list[str]:
    return [record.run_id for record in await index.list(query)]


AUDIT_CONTRACT: tuple[Check[AuditStore], ...] = (
    it_reads_what_was_written_in_that_order,
    to_write_again_replaces_and_keeps_the_place,
    it_keeps_every_field_and_those_of_later_releases,
    many_writers_lose_nothing,
)
RUNS_CONTRACT: tuple[Check[RunIndex], ...] = (
    it_keeps_one_record_per_run,
    it_finds_a_run_by_what_it_has_become,
    it_lists_the_latest_first_in_pages,
    it_finds_runs_by_what_is_asked,
    it_finds_runs_by_how_their_ids_begin,
)
