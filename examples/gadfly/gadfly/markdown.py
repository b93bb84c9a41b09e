"""The report as Markdown, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from executus.money import Money
from gadfly.findings import Finding, Severity
from gadfly.plaintext import markdown
from gadfly.report import FOUND, PASSED, ModelTotal, Report
from majordomo.llm import Usage

__all__ = ["as_markdown"]

MAX_SHOWN = 100
MAX_TITLE_CHARS = 200
MAX_TEXT_CHARS = 1500
MAX_LISTED = 20


def as_markdown(report: Report) -> str:
    """The whole report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# gadfly: {_verdict(report)}"
    yield ""
    yield _summary(report)
    for finding in report.findings[:MAX_SHOWN]:
        yield from _finding(finding)
    if len(report.findings) > MAX_SHOWN:
        yield f"\n{len(report.findings) - MAX_SHOWN} further findings are in the SARIF file."
    yield from _list("Outside this change", [_outside(one) for one in report.outside])
    yield from _list("Not reviewed: git shows no lines", _names(report.unseen_files))
    yield from _list("Reviewed in part: too long", _names(report.cut))
    yield from _list("Reviews that did not finish", [_text(one) for one in report.problems])
    yield from _table(report)


def _verdict(report: Report) -> str:
    match report.exit_code:
        case code if code == PASSED:
            return "passed"
        case code if code == FOUND:
            return f"failed by {_count(len(report.failing), 'finding')}"
        case _:
            return f"not reviewed ({', '.join(report.unseen_lenses)})"


def _summary(report: Report) -> str:
    counts = [
        f"{sum(one.severity is severity for one in report.findings)} {severity}"
        for severity in Severity
    ]
    done = sum(cell.ok for cell in report.cells)
    return (
        f"{_count(len(report.files), 'changed file')}; {', '.join(counts)}; "
        f"{done} of {len(report.cells)} reviews in {report.elapsed_s:.1f} s; "
        f"cost {_cost(report.cost)}."
    )


def _finding(finding: Finding) -> Iterator[str]:
    where = f"{_path(finding.path)}:{finding.line}" if finding.line else _path(finding.path)
    yield ""
    yield f"## {finding.severity}: {markdown(finding.title, MAX_TITLE_CHARS)}"
    yield ""
    by = ", ".join(_text(one) for one in finding.seen_by)
    yield f"{where} — {', '.join(finding.lenses)}, seen by {by}"
    for text in (finding.detail, finding.suggestion):
        if text.strip():
            yield ""
            yield markdown(text, MAX_TEXT_CHARS)


def _outside(finding: Finding) -> str:
    return f"{finding.severity}, {_path(finding.path)}: {_text(finding.title)}"


def _list(title: str, entries: Sequence[str]) -> Iterator[str]:
    if entries:
        yield f"\n## {title}\n"
        yield from (f"* {entry}" for entry in entries[:MAX_LISTED])
        if len(entries) > MAX_LISTED:
            yield f"* and {len(entries) - MAX_LISTED} more"


def _table(report: Report) -> Iterator[str]:
    yield "\n## Reviewers\n"
    yield "| model | reviews | answered by | tokens in | tokens out | cost | time |"
    yield "|---|---|---|---|---|---|---|"
    yield from (_row(total) for total in report.totals)


def _row(total: ModelTotal) -> str:
    targets = ", ".join(_text(target) for target in total.answered_by) or "nobody"
    usage: Usage = total.usage
    return (
        f"| {_text(total.model)} | {total.done} of {total.asked} | {targets} | "
        f"{_tokens(usage.input)} | {_tokens(usage.output)} | {_cost(total.cost)} | "
        f"{total.elapsed_s:.1f} s |"
    )


def _names(paths: Sequence[str]) -> list[str]:
    return [_path(path) for path in paths]


def _path(path: str) -> str:
    return f"**{markdown(path, MAX_TITLE_CHARS)}**"


def _text(text: str) -> str:
    return markdown(text, MAX_TITLE_CHARS)


def _tokens(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _cost(cost: Money | None) -> str:
    return "unknown" if cost is None else f"{cost.amount:.4f} {cost.currency}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
