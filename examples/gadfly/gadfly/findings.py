"""Findings: what a model says, where that is in the diff, and which of them are the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from gadfly.diff import ChangedFile

__all__ = ["Finding", "RawFinding", "Review", "Severity", "files_by_path", "merge", "place"]

MAX_FINDINGS = 30
MAX_LINES_APART = 3
LEAST_ALIKE = 0.5
_WORD = re.compile(r"\w+")


class Severity(StrEnum):
    """How bad it is, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return tuple(Severity).index(self)


class RawFinding(BaseModel):
    """A finding as a model states it; nothing in it is believed."""

    path: Annotated[str, Field(description="Path of the changed file, as the diff writes it")]
    line: Annotated[int | None, Field(description="Line number in the new file, or null")]
    severity: Severity
    title: Annotated[str, Field(description="The fault in one short sentence")]
    detail: Annotated[str, Field(description="What happens, when, and why that is wrong")]
    suggestion: Annotated[str, Field(description="What to do about it; empty if unknown")]


class Review(BaseModel):
    """The answer of one model through one lens."""

    findings: Annotated[list[RawFinding], Field(description="Empty when there is no fault")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding with a place.

    Attributes:
        file: The changed file; None when the model named another.
        path: Its path; what the model wrote, when it is another.
        line: A line of the new file that the diff shows; None for the file as a whole.
        severity: The worst that was said of it.
        title, detail, suggestion: The model's words.
        lens: The lens that found it first.
        seen_by: Reviewers that found it, as they are named in the settings.
        lenses: Lenses that found it.
    """

    file: ChangedFile | None
    path: str
    line: int | None
    severity: Severity
    title: str
    detail: str
    suggestion: str
    lens: str
    seen_by: Sequence[str]
    lenses: Sequence[str]


def files_by_path(files: Iterable[ChangedFile]) -> Mapping[str, ChangedFile]:
    """The files by every name they go by; where they are now comes before where they were."""
    files = list(files)
    old = {file.old_path: file for file in files if file.old_path}
    return {**old, **{file.path: file for file in files}}


def place(raw: RawFinding, files: Mapping[str, ChangedFile], *, model: str, lens: str) -> Finding:
    """Find the place that a model means: a line only if the diff shows it, else the file."""
    path = raw.path.strip().removeprefix("./")
    file = files.get(path)
    if file is None and path.startswith(("a/", "b/")):
        file = files.get(path[2:])
    is_shown = file is not None and raw.line in file.numbers
    return Finding(
        file=file,
        path=file.path if file else path,
        line=raw.line if is_shown else None,
        severity=raw.severity,
        title=raw.title,
        detail=raw.detail,
        suggestion=raw.suggestion,
        lens=lens,
        seen_by=(model,),
        lenses=(lens,),
    )


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for all that say the same of the same place; the worst first."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda one: one.severity.rank):
        for index, other in enumerate(kept):
            if _is_same(finding, other):
                kept[index] = _merged(other, finding)
                break
        else:
            kept.append(finding)
    return sorted(kept, key=_order)


def _order(finding: Finding) -> tuple[int, int, str, int]:
    return finding.severity.rank, -len(finding.seen_by), finding.path, finding.line or 0


def _is_same(one: Finding, other: Finding) -> bool:
    if one.path != other.path:
        return False
    if one.line is not None and other.line is not None:
        if abs(one.line - other.line) > MAX_LINES_APART:
            return False
    elif one.line != other.line and one.seen_by == other.seen_by:
        return False  # one reviewer who says it of a line and of the file means two things
    return _alike(one.title, other.title) >= LEAST_ALIKE


def _alike(one: str, other: str) -> float:
    """The share of words two titles have in common, of the shorter one's."""
    words, others = (set(_WORD.findall(text.casefold())) for text in (one, other))
    fewer = min(len(words), len(others))
    return len(words & others) / fewer if fewer else float(one == other)


def _merged(first: Finding, later: Finding) -> Finding:
    """The first with what a later one adds; the first is at least as severe."""
    return replace(
        first,
        line=later.line if first.line is None else first.line,
        suggestion=first.suggestion or later.suggestion,
        seen_by=_joined(first.seen_by, later.seen_by),
        lenses=_joined(first.lenses, later.lenses),
    )


def _joined(one: Sequence[str], other: Sequence[str]) -> Sequence[str]:
    return tuple(dict.fromkeys((*one, *other)))
