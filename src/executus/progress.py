"""What runs are doing now, for a display: the events of a run, reduced to one small value."""

from __future__ import annotations

import threading
import unicodedata
from collections import deque
from dataclasses import dataclass, replace

from executus import events
from executus.errors import SetupError
from executus.printable import printable
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["Progress", "ProgressSink", "ToolAtWork", "as_line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAtWork:
    """A tool call that has not answered yet."""

    call_id: str
    tool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One run at one moment. `apply` gives the next one.

    Attributes:
        run_id: The run; empty before its first event.
        parent: Run id of the run that dispatched it, or None.
        agent: The agent's name.
        caller: Id of the caller.
        status: `running`, or after the end a `RunStatus` value.
        stage: The stage entered last, as `loop`; empty before.
        step: The model call made last, from 1; 0 before the first.
        answering: Whether a model is being asked now.
        model: The target asked last, as provider/model.
        at_work: Tool calls that run now, in the order they began.
        tool_calls: Tool calls begun.
        input_tokens: Of the model calls that have ended; those that did not tell are left out.
        output_tokens: Likewise.
        tokens_known: Whether every one of them told.
        elapsed_s: Seconds since the run began; without a clock, known only after its end.
        warning: The last warning, or empty.
        error: Why it failed in one sentence, or empty.
    """

    run_id: str = ""
    parent: str | None = None
    agent: str = ""
    caller: str = ""
    status: str = "running"
    stage: str = ""
    step: int = 0
    answering: bool = False
    model: str = ""
    at_work: tuple[ToolAtWork, ...] = ()
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tokens_known: bool = True
    elapsed_s: float = 0.0
    warning: str = ""
    error: str = ""

    @property
    def live(self) -> bool:
        """Whether the run has not ended."""
        return self.status == "running"

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools that run now; one twice when it is called twice."""
        return tuple(one.tool for one in self.at_work)

    def apply(self, event: events.RunEvent) -> Progress:
        """The progress after an event of the run; kinds that say nothing here change nothing."""
        match event:
            case events.RunStarted():
                return Progress(
                    run_id=event.run_id,
                    parent=event.parent,
                    agent=event.agent,
                    caller=event.caller,
                )
            case events.RunEnded():
                return self._ended(event)
            case events.StageEntered():
                return replace(self, stage=event.stage, answering=False)
            case events.Warned():
                return replace(self, warning=event.text)
            case events.ToolCalled() | events.ToolAnswered():
                return self._tool(event)
            case _:
                return self._model(event)

    def _model(self, event: events.RunEvent) -> Progress:
        match event:
            case events.AnswerStarted():
                return replace(self, step=event.step + 1, answering=True, model=event.model)
            case events.ModelRouted(action="attempt"):
                return replace(self, model=event.model)
            case events.StepEnded():
                told, answered = event.input_tokens, event.output_tokens
                return replace(
                    self,
                    step=event.step + 1,
                    answering=False,
                    model=event.model,
                    input_tokens=self.input_tokens + (told or 0),
                    output_tokens=self.output_tokens + (answered or 0),
                    tokens_known=self.tokens_known and None not in (told, answered),
                )
            case _:
                return self

    def _tool(self, event: events.ToolCalled | events.ToolAnswered) -> Progress:
        one = ToolAtWork(call_id=event.call_id, tool=event.tool)
        if isinstance(event, events.ToolCalled):
            return replace(
                self,
                answering=False,
                at_work=(*self.at_work, one),
                tool_calls=self.tool_calls + 1,
            )
        left = list(self.at_work)
        if one in left:
            left.remove(one)
        return replace(self, at_work=tuple(left))

    def _ended(self, event: events.RunEnded) -> Progress:
        told, answered = event.input_tokens, event.output_tokens
        return replace(
            self,
            status=event.status,
            answering=False,
            at_work=(),
            step=max(self.step, event.steps),
            tool_calls=event.tool_calls,
            input_tokens=self.input_tokens if told is None else told,
            output_tokens=self.output_tokens if answered is None else answered,
            tokens_known=None not in (told, answered),
            elapsed_s=event.elapsed_s,
            error=event.error,
        )


_WANTED = frozenset(
    kind.kind
    for kind in (
        events.RunStarted,
        events.StageEntered,
        events.AnswerStarted,
        events.ModelRouted,
        events.ToolCalled,
        events.ToolAnswered,
        events.StepEnded,
        events.Warned,
        events.RunEnded,
    )
)


class ProgressSink:
    """Keeps the progress of all runs it hears of. Thread-safe; wants no text of answers.

    Args:
        max_runs: Most runs that have not ended; when one more begins, the oldest is forgotten.
        keep_ended: How many of those that ended last stay to be seen.
        clock: Tells for how long a run has been running.

    Raises:
        SetupError: A bound is out of its range.

    Example:
        >>> sink = ProgressSink()
        >>> sink.emit(events.RunStarted(run_id="r1", seq=0, agent="a", caller="ann", parent=None))
        >>> sink.emit(events.ToolCalled(run_id="r1", seq=1, call_id="c", tool="f", arguments="{}"))
        >>> [(one.agent, one.tools) for one in sink.snapshot()]
        [('a', ('f',))]
    """

    def __init__(
        self, *, max_runs: int = 1000, keep_ended: int = 16, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        if max_runs < 1 or keep_ended < 0:
            raise SetupError("max_runs must be at least 1 and keep_ended at least 0")
        self.wants = _WANTED
        self._max_runs = max_runs
        self._clock = clock
        self._lock = threading.Lock()
        self._live: dict[str, tuple[Progress, float]] = {}
        self._ended: deque[Progress] = deque(maxlen=keep_ended)

    def emit(self, event: events.RunEvent) -> None:
        """Take note of an event; of a run whose start was not heard, nothing is kept."""
        with self._lock:
            if isinstance(event, events.RunStarted):
                self._begin(event)
            elif known := self._live.get(event.run_id):
                progress, began_s = known
                progress = progress.apply(event)
                if progress.live:
                    self._live[event.run_id] = progress, began_s
                else:
                    del self._live[event.run_id]
                    self._ended.append(progress)

    def _begin(self, event: events.RunStarted) -> None:
        self._live.pop(event.run_id, None)
        if len(self._live) >= self._max_runs:
            del self._live[next(iter(self._live))]
        self._live[event.run_id] = Progress().apply(event), self._clock.monotonic()

    def snapshot(self) -> tuple[Progress, ...]:
        """All of them at this moment: those that ended, in that order, then the live by age."""
        with self._lock:
            now_s = self._clock.monotonic()
            live = [
                replace(progress, elapsed_s=now_s - began_s)
                for progress, began_s in self._live.values()
            ]
            return (*self._ended, *live)


def as_line(progress: Progress, width: int = 80) -> str:
    """One line for a plain terminal or a log; what matters most stands first.

    Args:
        progress: The run.
        width: Most columns; wide characters take two. A longer line is cut.

    Returns:
        The line, without a line end and without characters that steer a terminal.

    Example:
        >>> as_line(Progress(agent="helper", step=2, answering=True, model="fake/a", elapsed_s=3))
        'helper: asking fake/a · step 2 · 0 tokens in, 0 out · 3.0 s'
    """
    known = "" if progress.tokens_known else "+"
    facts = [
        f"{progress.agent or progress.run_id or 'run'}: {_doing(progress)}",
        f"step {progress.step}" if progress.step else "",
        f"{progress.tool_calls} tool calls" if progress.tool_calls > 1 else "",
        f"{progress.input_tokens:,}{known} tokens in, {progress.output_tokens:,}{known} out",
        f"{progress.elapsed_s:.1f} s",
        f"warning: {progress.warning}" if progress.warning else "",
    ]
    return _cut(printable(" ".join(" · ".join(fact for fact in facts if fact).split())), width)


def _doing(progress: Progress) -> str:
    if not progress.live:
        return f"{progress.status} ({progress.error})" if progress.error else progress.status
    if progress.at_work:
        return f"running {', '.join(progress.tools)}"
    if progress.answering:
        return f"asking {progress.model}"
    return progress.stage or "starting"


def _cut(line: str, width: int) -> str:
    columns = [_columns(character) for character in line]
    if sum(columns) <= width:
        return line
    kept, left = 0, width - 1
    while kept < len(line) and columns[kept] <= left:
        left -= columns[kept]
        kept += 1
    return line[:kept] + "…" if width > 0 else ""


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
