"""Records of a run are put together by step, and runs are read page by page."""

from dataclasses import replace
from datetime import timedelta

import pytest
from runstories import RUN, START, call, rich, run, step, story_of

from executus import Executor, Invocation, Ports, RunnableAgent
from executus.batteries.audit import (
    AuditLog,
    MemoryRunIndex,
    RunQuery,
    StepRecord,
    read_story,
    record_from_json,
    runs_of,
)
from executus.money import Money


async def test_calls_attempts_and_denials_stand_with_their_step():
    first, second = (await story_of(rich())).steps
    assert first.record.model == "p/second"
    assert [one.call_id for one in first.calls] == ["a", "b", "c"]
    assert [one.action for one in first.troubles] == ["retry", "advance"]
    assert (list(first.denials), first.refused_only) == (["c"], [])
    assert second.record is None
    assert [one.outcome for one in second.calls] == ["unfinished"]
    assert [one.call_id for one in second.refused_only] == ["d"]


async def test_a_run_that_did_nothing_has_no_steps():
    story = await story_of([])
    assert (story.steps, story.children) == ([], [])


async def test_records_of_later_releases_are_passed_over():
    base = {"id": "x", "run_id": RUN, "at": START.isoformat(), "kind": "thought"}
    (only,) = (await story_of([record_from_json(base), step(0, 0, 1)])).steps
    assert only.record.step == 0


async def test_what_a_resumption_does_follows_what_was_cut_off():
    story = await story_of([call("a", 1, 2, outcome="unfinished"), step(0, 0, 1), step(1, 9, 10)])
    assert [one.record.step for one in story.steps] == [0, 1]


async def test_dispatched_runs_are_a_tree_in_the_order_of_their_beginnings():
    def child(run_id, parent, minutes):
        return run(run_id, parent=parent, root=RUN, started=START + timedelta(minutes=minutes))

    below = [child("c", RUN, 3), child("b", RUN, 1), child("d", "b", 2), child("x", "gone", 4)]
    story = await story_of([], run(), *below)
    assert [one.run.run_id for one in story.children] == ["b", "c"]
    assert [one.run.run_id for one in story.children[0].children] == ["d"]
    body = story.as_json()
    assert body["children"][0]["children"][0]["run"]["run_id"] == "d"


async def test_records_that_name_each_other_as_parents_end_somewhere():
    one = run("a", parent="b", root=RUN)
    other = run("b", parent="a", root=RUN)
    story = await story_of([], replace(one, run_id="a"), other)
    assert [tree.run.run_id for tree in story.children] == ["b"]
    assert story.children[0].children[0].run.run_id == "a"
    assert story.children[0].children[0].children == []


async def test_a_real_run_tells_who_answered_and_what_each_step_cost():
    class Prices:
        def cost(self, target, usage):
            return Money(f"0.{usage.input}")

    audit = AuditLog()
    executor = Executor(ports=Ports(audit=audit, prices=Prices()))
    agent = RunnableAgent(name="helper", model="fake", tools=["calc.*"])
    await executor.run(agent, Invocation("what is 6*7?", run_id="r"))
    kept = await audit.runs.get("r")
    assert kept.model == "fake/offline"
    told = await read_story(audit.runs, audit.store, kept)
    assert [one.record.cost for one in told.steps] == [
        f"0.{one.record.input_tokens} USD" for one in told.steps
    ]
    assert len(told.steps) == 2


def test_a_step_of_an_earlier_release_costs_something_unknown():
    values = step(0, 0, 1).as_json()
    del values["cost"]
    record = record_from_json(values)
    assert isinstance(record, StepRecord)
    assert record.cost is None


class CountingIndex(MemoryRunIndex):
    def __init__(self):
        super().__init__()
        self.asked = []

    async def list(self, query):
        self.asked.append(query.limit)
        if len(self.asked) == 2:  # somebody runs something meanwhile
            await self.put(run("new", started=START + timedelta(days=1)))
        return await super().list(query)


@pytest.mark.parametrize("same", [1, 3, 7, 1000])
async def test_every_run_is_read_once_whatever_begins_meanwhile(same):
    index = CountingIndex()
    for number in range(23):
        moment = START + timedelta(seconds=number // same)
        await index.put(run(f"{number:02}", started=moment))
    found = [one.run_id async for one in runs_of(index, RunQuery(limit=4, offset=9))]
    assert found == [f"{number:02}" for number in reversed(range(23))]
    assert set(index.asked) == {4}


async def test_only_what_is_asked_for_is_read():
    index = CountingIndex()
    for number in range(20):
        await index.put(run(f"{number}", caller="ann" if number % 2 else "bob"))
    found = [one.caller async for one in runs_of(index, RunQuery(caller="bob", limit=3))]
    assert found == ["bob"] * 10
