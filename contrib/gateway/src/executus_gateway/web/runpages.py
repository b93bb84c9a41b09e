"""Runs: all of them, and one with its code, its calls, its pauses and its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from executus_gateway.schema import CallRecord, Interaction, TaskRun
from executus_gateway.service import Gateway
from executus_gateway.web.arguments import Shown, shown_arguments
from executus_gateway.web.fields import Fields
from executus_gateway.web.paging import paged
from executus_gateway.web.rendering import View
from executus_gateway.web.serving import Done

__all__ = ["cancel_run", "run_page", "runs_page"]

LIVE = frozenset({"running", "paused"})
CALLS_A_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A call with what was asked about it."""

    number: str
    record: CallRecord
    shown: Shown
    questions: Sequence[Interaction]


def runs_page(gateway: Gateway, request: Request) -> View:
    """All runs, newest first; the address's `state` chooses some."""
    state = request.query_params.get("state", "")
    runs = [run for run in reversed(gateway.runs()) if state in {"", run.state}]
    data = {"page": paged(runs, request), "state": state}
    return View(template="runs.html", title="Runs", section="runs", data=data, poll_ms=2000)


def run_page(gateway: Gateway, request: Request) -> View:
    """One run."""
    run = gateway.ledger.require(TaskRun, request.path_params["run"])
    asked = [one for one in gateway.ledger.all(Interaction) if one.run == run.id]
    calls = sorted(gateway.calls(run.id), key=lambda call: (len(call.id), call.id))
    page = paged(calls, request, page_items=CALLS_A_PAGE)
    live = run.state in LIVE
    return View(
        template="run.html",
        title=f"Run {run.id}",
        section="runs",
        poll_ms=1000 if live else 60_000,
        data={
            "run": run,
            "live": live,
            "page": page,
            "calls": [_call(record, asked) for record in page.items],
            "waiting": [one for one in asked if one.state == "pending"],
        },
    )


def _call(record: CallRecord, asked: Sequence[Interaction]) -> _Call:
    return _Call(
        number=record.id.rpartition(".")[2],
        record=record,
        shown=shown_arguments(record.arguments),
        questions=[one for one in asked if one.call == record.id],
    )


async def cancel_run(gateway: Gateway, fields: Fields) -> Done:
    """End a run."""
    run = await gateway.cancel(fields.required("run"))
    return Done(said=f"The run is {run.state}.")
