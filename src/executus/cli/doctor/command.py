"""The command `executus doctor`, as click sees it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial

import click

from executus.cli.doctor.bounds import examine_bounds
from executus.cli.doctor.files import examine_files
from executus.cli.doctor.finding import Finding, Patient
from executus.cli.doctor.names import examine_names
from executus.cli.doctor.place import examine_place
from executus.cli.doctor.reach import examine_endpoints
from executus.cli.doctor.spelling import examine_spelling
from executus.cli.doctor.variables import examine_variables
from executus.cli.inputs import duration
from executus.cli.output import one_line, say, say_json
from executus.cli.process import DONE, FAILED, run_async
from majordomo.builtin import default_registry

__all__ = ["doctor", "examine"]


@click.command(
    epilog="""\b
Example:
  executus doctor --online"""
)
@click.option("--online", is_flag=True, help="Dial the endpoints of other machines, too.")
@click.option("--timeout", type=duration, default="5s", show_default=True, help="For each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def doctor(
    online: bool,  # noqa: FBT001 - a command-line flag
    timeout: float,
    as_json: bool,  # noqa: FBT001 - a command-line flag
) -> int:
    """Look for mistakes in the set-up; say how to mend each.

    Looks at keys, names, URLs, files and the terminal. Dials only endpoints of this machine that
    the environment declares; with --online all that are set up, sending no key. Exit code: 1 when
    there is a problem, 0 when there are notes at most.
    """
    patient = Patient(
        environ=dict(os.environ), registry=default_registry(), online=online, timeout_s=timeout
    )
    return run_async(partial(_report, patient, as_json=as_json))


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Everything that is found, the cheapest first."""
    for finding in (
        *examine_place(patient),
        *examine_variables(patient),
        *examine_spelling(patient),
    ):
        yield finding
    for findings in (
        examine_bounds(patient),
        examine_names(patient),
        examine_files(patient),
        examine_endpoints(patient),
    ):
        async for finding in findings:
            yield finding


async def _report(patient: Patient, *, as_json: bool) -> int:
    levels: set[str] = set()
    async for finding in examine(patient):
        levels.add(finding.level)
        if as_json:
            say_json(asdict(finding))
        else:
            mark = "✗" if finding.level == "problem" else "·"
            say(one_line(f"{mark} {finding.about}: {finding.says} → {finding.fix}"))
    if not levels and not as_json:
        say("nothing wrong")
    return FAILED if "problem" in levels else DONE
