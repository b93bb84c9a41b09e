"""What all reviews together came to, and whether that passes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from executus.money import Money
from gadfly.diff import ChangedFile
from gadfly.findings import Finding, merge
from gadfly.prompt import show
from gadfly.reviewing import CellReport
from gadfly.settings import Settings
from majordomo.llm import Usage

__all__ = ["FOUND", "PASSED", "UNREVIEWED", "ModelTotal", "Report", "make_report"]

PASSED, FOUND, UNREVIEWED = 0, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTotal:
    """What one reviewer did, over all lenses.

    Attributes:
        model: As the settings name it.
        done: Reviews that finished.
        asked: Reviews that were begun or wanted.
        answered_by: Targets that answered.
        usage: Tokens.
        cost: None when unknown.
        elapsed_s: Seconds, added up.
    """

    model: str
    done: int
    asked: int
    answered_by: Sequence[str]
    usage: Usage
    cost: Money | None
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole review.

    Attributes:
        settings: How it was made.
        files: What changed.
        cells: Every review.
        findings: Of changed files, the worst first, each stated once.
        outside: Findings of files that did not change: shown, and counted for nothing.
        cut: Changed files of which reviewers were shown a part.
        elapsed_s: Seconds from start to end.
    """

    settings: Settings
    files: Sequence[ChangedFile]
    cells: Sequence[CellReport]
    findings: Sequence[Finding]
    outside: Sequence[Finding]
    cut: Sequence[str]
    elapsed_s: float

    @property
    def failing(self) -> Sequence[Finding]:
        """Findings severe enough to fail the review."""
        least = self.settings.fail_on
        if least is None:
            return ()
        return [one for one in self.findings if one.severity.rank <= least.rank]

    @property
    def unseen_lenses(self) -> Sequence[str]:
        """Lenses that no model looked through to the end."""
        if not self.files:
            return ()
        seen = {report.cell.lens.name for report in self.cells if report.ok}
        return [lens.name for lens in self.settings.lenses if lens.name not in seen]

    @property
    def unseen_files(self) -> Sequence[str]:
        """Changed files of which git shows nothing."""
        return [file.path for file in self.files if file.is_binary]

    @property
    def exit_code(self) -> int:
        """0 passed, 1 findings that fail it, 3 a lens nobody looked through."""
        if self.failing:
            return FOUND
        return UNREVIEWED if self.unseen_lenses else PASSED

    @property
    def problems(self) -> Sequence[str]:
        """Why reviews did not finish, one sentence each."""
        return [
            f"{one.cell.model}, {one.cell.lens.name}: {one.problem}"
            for one in self.cells
            if not one.ok
        ]

    @property
    def totals(self) -> Sequence[ModelTotal]:
        """A line per model."""
        return [
            _total(model, [one for one in self.cells if one.cell.model == model])
            for model in self.settings.models
        ]

    @property
    def cost(self) -> Money | None:
        """What all of it cost; None when any of it is unknown."""
        return _sum(one.cost for one in self.cells)


def make_report(
    settings: Settings,
    files: Sequence[ChangedFile],
    cells: Sequence[CellReport],
    elapsed_s: float,
) -> Report:
    """Put the reviews together."""
    found = merge(finding for cell in cells for finding in cell.findings)
    return Report(
        settings=settings,
        files=files,
        cells=cells,
        findings=[one for one in found if one.file is not None],
        outside=[one for one in found if one.file is None],
        cut=show(files, settings.max_diff_chars).cut,
        elapsed_s=elapsed_s,
    )


def _total(model: str, cells: Sequence[CellReport]) -> ModelTotal:
    usage = Usage()
    for cell in cells:
        usage += cell.usage
    return ModelTotal(
        model=model,
        done=sum(cell.ok for cell in cells),
        asked=len(cells),
        answered_by=tuple(dict.fromkeys(t for cell in cells for t in cell.answered_by)),
        usage=usage,
        cost=_sum(cell.cost for cell in cells),
        elapsed_s=sum(cell.elapsed_s for cell in cells),
    )


def _sum(costs: Iterable[Money | None]) -> Money | None:
    total = Money(0)
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total
