"""A run as one thing to read: its records put together by step, and the tree it stands in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from executus.batteries.audit.records import (
    AttemptRecord,
    AuditRecord,
    DenialRecord,
    RunRecord,
    StepRecord,
    ToolCallRecord,
)
from executus.batteries.audit.store import AuditStore, RunIndex, RunQuery

__all__ = ["RunStory", "RunStoryStep", "RunTree", "read_story", "runs_of"]

_JUST_AFTER = timedelta(microseconds=1)


@dataclass(slots=True, kw_only=True)
class RunStoryStep:
    """A model call, what was tried for it, and the tool calls it led to.

    Attributes:
        record: The model call; None when the run ended, or has come, before it was done.
        attempts: What chains did about targets, in order.
        calls: Tool calls in the order in which they were answered.
        denials: What was refused, by call id.
    """

    record: StepRecord | None = None
    attempts: list[AttemptRecord] = field(default_factory=list[AttemptRecord])
    calls: list[ToolCallRecord] = field(default_factory=list[ToolCallRecord])
    denials: dict[str, DenialRecord] = field(default_factory=dict[str, DenialRecord])

    @property
    def troubles(self) -> Sequence[AttemptRecord]:
        """What was not simply asked and answered: retries, benches, skips, targets given up."""
        return [one for one in self.attempts if one.action not in ("attempt", "success")]

    @property
    def refused_only(self) -> Sequence[DenialRecord]:
        """Refusals of calls that have no record."""
        known = {call.call_id for call in self.calls}
        return [one for one in self.denials.values() if one.call_id not in known]

    def as_json(self) -> dict[str, Any]:
        """The step as plain JSON values."""
        return {
            "step": None if self.record is None else self.record.as_json(),
            "attempts": [one.as_json() for one in self.attempts],
            "tool_calls": [one.as_json() for one in self.calls],
            "denials": [one.as_json() for one in self.denials.values()],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTree:
    """A run, and the runs that its tools dispatched, in the order in which they began."""

    run: RunRecord
    children: Sequence[RunTree] = ()

    def as_json(self) -> dict[str, Any]:
        """The tree as plain JSON values."""
        return {"run": self.run.as_json(), "children": [one.as_json() for one in self.children]}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStory:
    """What happened in a run.

    Attributes:
        run: The run.
        steps: In order; the last one may be unfinished.
        children: What its tools dispatched.
    """

    run: RunRecord
    steps: Sequence[RunStoryStep] = ()
    children: Sequence[RunTree] = ()

    def as_json(self) -> dict[str, Any]:
        """The story as plain JSON values."""
        return {
            "run": self.run.as_json(),
            "steps": [step.as_json() for step in self.steps],
            "children": [child.as_json() for child in self.children],
        }


async def read_story(runs: RunIndex, store: AuditStore, run: RunRecord) -> RunStory:
    """Read what happened in a run.

    Args:
        runs: Where its dispatched runs are found.
        store: Where its records are.
        run: Which run.

    Raises:
        Exception: What the index or the store raised.

    Example:
        >>> import anyio
        >>> from executus import Executor, Ports, RunnableAgent
        >>> from executus.batteries.audit import AuditLog, read_story
        >>> audit = AuditLog()
        >>> agent = RunnableAgent(name="helper", model="fake", tools=["calc.*"])
        >>> done = Executor(ports=Ports(audit=audit)).run_sync(agent, "what is 6*7?")
        >>> async def read():
        ...     return await read_story(audit.runs, audit.store, await audit.runs.get(done.run_id))
        >>> [len(step.calls) for step in anyio.run(read).steps]
        [1, 0]
    """
    tree = [one async for one in runs_of(runs, RunQuery(root=run.root))]
    return RunStory(
        run=run,
        steps=_steps(await store.read(run.run_id)),
        children=_children(run.run_id, tree),
    )


async def runs_of(runs: RunIndex, query: RunQuery) -> AsyncGenerator[RunRecord]:
    """Every run that matches, the latest first, read page by page.

    Runs that begin meanwhile neither repeat nor hide any. The query's `limit` is the size of a
    page, its `offset` is not heeded. Who breaks off reads it within `contextlib.aclosing`.

    Raises:
        Exception: What the index raised.
    """
    query = replace(query, offset=0)
    while page := await runs.list(query):
        for run in page:
            yield run
        query = _after(query, page)


def _after(query: RunQuery, page: Sequence[RunRecord]) -> RunQuery:
    """Which come next: the same moment's that have not been seen, and the earlier ones."""
    last = page[-1].started
    before = last + _JUST_AFTER
    seen = sum(run.started == last for run in page)
    seen += query.offset if query.before == before else 0
    return replace(query, before=before, offset=seen)


def _steps(records: Iterable[AuditRecord]) -> Sequence[RunStoryStep]:
    steps, step = list[RunStoryStep](), RunStoryStep()
    for record in records:
        match record:
            case AttemptRecord():
                step.attempts.append(record)
            case ToolCallRecord():
                step.calls.append(record)
            case DenialRecord():
                step.denials[record.call_id] = record
            case StepRecord():
                step.record = record
                steps.append(step)
                step = RunStoryStep()
            case _:
                continue  # of a later release
    is_open = step.attempts or step.calls or step.denials
    return [*steps, step] if is_open else steps


def _children(parent: str, runs: Sequence[RunRecord]) -> Sequence[RunTree]:
    by_parent: dict[str, list[RunRecord]] = {}
    for run in reversed(runs):
        if run.parent is not None and run.parent != run.run_id:
            by_parent.setdefault(run.parent, []).append(run)

    def below(run_id: str) -> Sequence[RunTree]:
        # Taken out, so that records which name each other as parents end somewhere.
        found = by_parent.pop(run_id, [])
        return [RunTree(run=run, children=below(run.run_id)) for run in found]

    return below(parent)
