"""`python -m gadfly`: review a change; see the README for the environment it reads.

Exit codes: 0 passed; 1 findings that fail it; 2 not set up, or no diff; 3 a lens nobody looked
through; 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio

from executus.printable import printable
from gadfly.annotations import as_annotations
from gadfly.diff import ChangedFile, parse_diff
from gadfly.git import read_diff
from gadfly.markdown import as_markdown
from gadfly.report import Report, make_report
from gadfly.reviewing import CellReport, make_executor, review
from gadfly.sarif import as_sarif
from gadfly.settings import Settings, read_settings
from majordomo.clock import SYSTEM_CLOCK
from majordomo.errors import MajordomoError

NOT_SET_UP, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Review, report, and say by the exit code whether it passes."""
    parser = argparse.ArgumentParser(prog="gadfly", description="Reviews a change to a repository.")
    parser.add_argument("--diff", metavar="FILE", help="read this diff (- is standard input)")
    asked = parser.parse_args(arguments)
    try:
        settings = anyio.run(read_settings)
        report = anyio.run(_run, settings, asked.diff)
        _publish(report)
    except (MajordomoError, OSError) as error:
        print(f"gadfly: {printable(str(error))}", file=sys.stderr)
        return NOT_SET_UP
    except KeyboardInterrupt:
        return INTERRUPTED
    return report.exit_code


async def _run(settings: Settings, diff: str | None) -> Report:
    began = SYSTEM_CLOCK.monotonic()
    executor = make_executor(settings)
    for model in settings.models:
        await executor.models.require(model)
    files = _changes(settings, diff)
    cells: list[CellReport] = []
    if files:
        cells = await review(executor, settings, files, tell=_telling(settings))
    return make_report(settings, files, cells, SYSTEM_CLOCK.monotonic() - began)


def _changes(settings: Settings, diff: str | None) -> list[ChangedFile]:
    if diff is None:
        return parse_diff(read_diff(settings.repo, settings.base, settings.head))
    return parse_diff(sys.stdin.buffer.read() if diff == "-" else Path(diff).read_bytes())


def _telling(settings: Settings) -> Callable[[CellReport], None]:
    """Tells on standard error of each review that ends."""
    total = len(settings.models) * len(settings.lenses)
    ended = 0

    def tell(report: CellReport) -> None:
        nonlocal ended
        ended += 1
        came_to = report.problem or f"findings: {len(report.findings)}"
        line = f"{report.cell.model}, {report.cell.lens.name}: {came_to}"
        print(printable(f"[{ended}/{total}] {line} ({report.elapsed_s:.1f} s)"), file=sys.stderr)

    return tell


def _publish(report: Report) -> None:
    text, settings = as_markdown(report), report.settings
    if settings.out is not None:
        settings.out.mkdir(parents=True, exist_ok=True)
        (settings.out / "gadfly.md").write_text(text, encoding="utf-8")
        (settings.out / "gadfly.sarif").write_text(as_sarif(report), encoding="utf-8")
    if settings.summary is not None:
        with settings.summary.open("a", encoding="utf-8") as summary:
            summary.write(text)
    told = as_annotations(report) + text if settings.in_actions else text
    sys.stdout.buffer.write(told.encode("utf-8", "replace"))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
