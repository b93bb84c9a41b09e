"""One execution of code: its state, its calls, its outcome."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from executus_gateway.schema.ids import CallId, InteractionId, RunId, WorkspaceId
from executus_gateway.schema.record import Millis, Record, Value
from executus_gateway.schema.result import ErrorCode

__all__ = ["CallRecord", "CallState", "Outcome", "RunProblem", "RunState", "TaskRun"]

RunState: TypeAlias = Literal["running", "paused", "completed", "failed", "interrupted"]
CallState: TypeAlias = Literal["waiting", "started", "succeeded", "failed"]


class RunProblem(Value):
    """Why code did not end well.

    Attributes:
        kind: `syntax`, `exception`, `time`, `memory`, `limit`, `restart`, `cancelled` or
            `internal`.
        message: The error with its place in the code, or one sentence.
    """

    kind: Literal[
        "syntax", "exception", "time", "memory", "limit", "restart", "cancelled", "internal"
    ]
    message: str


class Outcome(Value):
    """What code gave.

    Attributes:
        value: What it returned, as JSON; goes to the model.
        emitted: What it emitted, for the user.
        printed: What it printed, capped.
        problem: None when it ended well.
    """

    value: Any = None
    emitted: tuple[Any, ...] = ()
    printed: str = ""
    problem: RunProblem | None = None


class TaskRun(Record):
    """A run.

    Attributes:
        workspace: Where.
        code: As it was run, after recovery from fences and prose.
        client: Who asked: name of the MCP client or of the program.
        state: Paused while a person is asked; only such runs outlive a restart.
        waiting_for: The questions a paused run waits for.
        budget_s: Seconds its code may compute; waiting is free.
        outcome: When it has ended.
        ended_ms: When it ended; 0 before.
    """

    collection: Literal["run"] = "run"
    workspace: WorkspaceId
    code: str
    client: str = ""
    state: RunState = "running"
    waiting_for: tuple[InteractionId, ...] = ()
    budget_s: float = 30.0
    outcome: Outcome | None = None
    ended_ms: Millis = 0


class CallRecord(Record):
    """One tool call of a run. Its id is `<run>.<number>`.

    Attributes:
        run: The run.
        call: This record's id, typed.
        path: As the code wrote it.
        arguments: JSON text, scrubbed, capped.
        arguments_digest: Hash of the whole arguments.
        state: `started` is stored before anything is sent: a call is sent at most once.
        interaction: The question it waited for.
        code: Why it failed.
        preview: The first part of its result's JSON text, scrubbed.
        ended_ms: When; 0 before.
    """

    collection: Literal["call"] = "call"
    run: RunId
    path: str
    arguments: str = "{}"
    arguments_digest: str = ""
    state: CallState = "waiting"
    interaction: InteractionId | None = None
    code: ErrorCode | None = None
    preview: str = ""
    ended_ms: Millis = 0

    @property
    def call(self) -> CallId:
        """Its id."""
        return CallId(self.id)
