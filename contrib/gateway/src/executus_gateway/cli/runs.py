"""`executus-gateway runs`: what was run, call by call."""

from __future__ import annotations

from typing import Any

import click
from pydantic_core import to_json

from executus.cli.output import one_line, say, say_json, tell
from executus.cli.process import DONE
from executus_gateway.cli.connecting import with_client
from executus_gateway.cli.listing import json_option, show_list
from executus_gateway.cli.outcomes import say_outcome
from executus_gateway.errors import UnknownId
from executus_gateway.schema import CallRecord, TaskRun
from executus_gateway.sdk import Client

__all__ = ["runs"]

_FIRST_LINE_CHARS = 60


@click.group()
def runs() -> None:
    """List and show runs."""


@runs.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@json_option
@with_client
async def list_runs(client: Client, limit: int, *, as_json: bool) -> int:
    """List runs, the latest first."""
    found = [_shown(run) for run in reversed(await client.runs(limit=limit))]
    columns = ("id", "state", "client", "seconds", "code")
    show_list(found, columns, as_json=as_json, none="no runs yet")
    return DONE


@runs.command()
@click.argument("run")
@json_option
@with_client
async def show(client: Client, run: str, *, as_json: bool) -> int:
    """Show a run with its calls, by id; `last` is the latest."""
    found = await _latest(client) if run == "last" else await client.run(run)
    calls = await client.calls(found.id)
    if as_json:
        told = [call.model_dump(mode="json") for call in calls]
        say_json({**found.model_dump(mode="json"), "calls": told})
        return DONE
    tell(f"{found.id}: {found.state}")
    say(found.code)
    show_list(map(_call, calls), ("call", "path", "state", "code", "arguments"), as_json=False)
    say_outcome(found)
    return DONE


async def _latest(client: Client) -> TaskRun:
    runs = await client.runs(limit=1)
    if not runs:
        raise UnknownId("there is no run yet")
    return runs[0]


def _call(call: CallRecord) -> dict[str, Any]:
    return {**call.model_dump(mode="json"), "call": call.id.rpartition(".")[2]}


def _shown(run: TaskRun) -> dict[str, Any]:
    took = (run.ended_ms - run.created_ms) / 1000 if run.ended_ms else None
    value = None if run.outcome is None else to_json(run.outcome.value).decode()
    return {
        "id": run.id,
        "state": run.state,
        "client": run.client,
        "created_ms": run.created_ms,
        "seconds": took,
        "code": one_line(run.code)[:_FIRST_LINE_CHARS],
        "value": value,
    }
