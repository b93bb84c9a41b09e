"""Asks every model through every lens, bounded in number, time and steps; loses none to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, RunResult
from executus.fanout import swarm_stream
from executus.money import Money
from executus.registry import ToolRegistry
from executus.tools import files_tools
from gadfly.diff import ChangedFile
from gadfly.findings import MAX_FINDINGS, Finding, Review, files_by_path, place
from gadfly.lenses import Lens
from gadfly.prompt import INSTRUCTIONS, show, task
from gadfly.settings import Settings
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import Usage
from majordomo.models import ModelRegistry

__all__ = ["Cell", "CellReport", "make_executor", "review"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One model, one lens."""

    model: str
    lens: Lens


@dataclass(frozen=True, slots=True, kw_only=True)
class CellReport:
    """What one review came to.

    Attributes:
        cell: Which.
        findings: With their places, as they were stated.
        problem: Why it did not finish; empty when it did.
        answered_by: Targets that answered, which for a chain is not always the first.
        usage: Tokens.
        cost: What they cost; None when unknown.
        elapsed_s: Seconds it took.
    """

    cell: Cell
    findings: Sequence[Finding] = ()
    problem: str = ""
    answered_by: Sequence[str] = ()
    usage: Usage = Usage()
    cost: Money | None = None
    elapsed_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it finished."""
        return not self.problem


def make_executor(
    settings: Settings, *, models: ModelRegistry = DEFAULT_REGISTRY, clock: Clock = SYSTEM_CLOCK
) -> Executor:
    """An executor without any tool of its own; reviewers get the files of the repository alone."""
    ports = Ports(prices=settings.prices)
    return Executor(models=models, registry=ToolRegistry(), ports=ports, clock=clock)


async def review(
    executor: Executor,
    settings: Settings,
    files: Sequence[ChangedFile],
    *,
    tell: Callable[[CellReport], object] = lambda _: None,
    clock: Clock = SYSTEM_CLOCK,
) -> list[CellReport]:
    """Review a change.

    Args:
        executor: Runs the reviewers.
        settings: Which they are, and how far they may go.
        files: What changed.
        tell: Called with each review as it ends.
        clock: Counts the time.

    Returns:
        A report per model and lens, in the order of the settings.

    Raises:
        SetupError: There is no such folder as `settings.repo`.
    """
    matrix = _Matrix(executor, settings, files, clock)
    cells = [Cell(model, lens) for model in settings.models for lens in settings.lenses]
    reports: dict[int, CellReport] = {}
    async with swarm_stream(
        cells,
        matrix.run,
        limit=settings.concurrency,
        key=lambda cell: cell.model,
        per_key=settings.per_model,
    ) as outcomes:
        async for outcome in outcomes:
            reports[outcome.index] = outcome.unwrap()
            tell(reports[outcome.index])
    return [reports[index] for index in sorted(reports)]


class _Matrix:
    def __init__(
        self, executor: Executor, settings: Settings, files: Sequence[ChangedFile], clock: Clock
    ) -> None:
        self._executor = executor
        self._settings = settings
        self._clock = clock
        self._files = files_by_path(files)
        self._tools = files_tools(settings.repo)
        self._text = show(files, settings.max_diff_chars).text
        self._ends = clock.monotonic() + settings.max_time_s

    async def run(self, cell: Cell) -> CellReport:
        """Ask one model through one lens, within what is left of the time."""
        settings, began = self._settings, self._clock.monotonic()
        if began >= self._ends:
            why = f"the {settings.max_time_s:g} s for all reviews were over before it began"
            return CellReport(cell=cell, problem=why)
        limits = Limits(
            max_steps=settings.max_steps,
            max_runtime_s=min(settings.max_run_time_s, self._ends - began),
            max_tokens=settings.max_tokens,
        )
        agent = RunnableAgent(
            name=f"gadfly-{cell.lens.name}",
            instructions=INSTRUCTIONS,
            model=cell.model,
            tools=self._tools,
            output=Review,
            limits=limits,
        )
        # The diff comes first: the same for all lenses, a provider reads it from its cache.
        result = await self._executor.run(agent, Invocation([self._text, task(cell.lens)]))
        return self._report(cell, result, self._clock.monotonic() - began)

    def _report(self, cell: Cell, result: RunResult[Review], elapsed_s: float) -> CellReport:
        raw = result.output.findings[:MAX_FINDINGS] if result.output else ()
        targets = (str(step.response.target) for step in result.steps)
        return CellReport(
            cell=cell,
            findings=[
                place(one, self._files, model=cell.model, lens=cell.lens.name) for one in raw
            ],
            problem="" if result.ok else f"{result.status}: {result.error}",
            answered_by=tuple(dict.fromkeys(targets)),
            usage=result.usage,
            cost=result.cost,
            elapsed_s=elapsed_s,
        )
