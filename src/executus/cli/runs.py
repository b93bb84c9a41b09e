"""The commands below `executus runs`, as click sees them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import anyio
import click

from executus.batteries.audit import RunQuery, read_story
from executus.cli.display import open_display, refusing
from executus.cli.inputs import as_text
from executus.cli.output import say_json, tell
from executus.cli.process import DONE, run_async
from executus.cli.prune import age_of, prune_runs
from executus.cli.resume import resume_run
from executus.cli.runlist import list_runs
from executus.cli.runlookup import find_run
from executus.cli.runshow import show_story
from executus.cli.setting import Setting, no_input_option, yes_option
from executus.cli.storing import reading, store_option
from executus.config import parse_duration
from executus.errors import SetupError
from executus.run import RunStatus
from executus.run.restore import restore
from executus.runpage import run_page
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["begin_of", "runs"]


@click.group(
    epilog="""\b
Examples:
  executus runs list
  executus runs show last"""
)
def runs() -> None:
    """Look at the runs that a store keeps, and go on with them.

    `executus run --store URL` and `chat` write there.
    """


def begin_of(since: str, clock: Clock = SYSTEM_CLOCK) -> datetime:
    """The moment meant by `2h` (ago), `2026-11-21` or `2026-11-21T14:00`, in this machine's zone.

    Raises:
        SetupError: It is none of these.
    """
    try:
        return clock.wall() - timedelta(seconds=parse_duration(since))
    except (ValueError, OverflowError):
        pass
    try:
        return datetime.fromisoformat(since).astimezone()
    except (ValueError, OverflowError, OSError):
        raise SetupError(
            f"--since {since!r} is neither a duration, such as 2h or 3d, nor a date, such as "
            "2026-11-21 or 2026-11-21T14:00"
        ) from None


_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


@runs.command(
    "list",
    epilog="""\b
Example:
  executus runs list --state failed --since 2h""",
)
@store_option
@click.option("--state", type=click.Choice([str(one) for one in RunStatus]))
@click.option("--agent", help="Runs of this agent.")
@click.option("--caller", help="Runs on behalf of this caller.")
@click.option("--since", help="Begun since: 2h, 3d, 2026-11-21, 2026-11-21T14:00.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Runs at most."
)
@_json
def list_(  # noqa: PLR0917 - click passes each option as an argument
    store: str | None,
    state: str | None,
    agent: str | None,
    caller: str | None,
    since: str | None,
    limit: int,
    as_json: bool,  # noqa: FBT001 - a command-line flag
) -> int:
    """List runs, the latest first.

    Into a pipe, a line per run with tabs between its fields: id, beginning, agent, model, state,
    steps, tokens in and out, cost, seconds.
    """
    query = RunQuery(
        caller=_given(caller, "the caller"),
        agent=_given(agent, "the agent"),
        status=state,
        after=None if since is None else begin_of(since),
        limit=limit,
    )
    return run_async(partial(_list, store, query, as_json=as_json))


def _given(text: str | None, what: str) -> str | None:
    return None if text is None else as_text(text, what)


async def _list(url: str | None, query: RunQuery, *, as_json: bool) -> int:
    async with reading(url) as records:
        return await list_runs(records.runs, query, as_json=as_json)


@runs.command(
    epilog="""\b
Example:
  executus runs show last --html run.html"""
)
@store_option
@click.argument("run_id", metavar="ID")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page that needs nothing else to be read.",
)
@_json
def show(
    store: str | None,
    run_id: str,
    html: Path | None,
    as_json: bool,  # noqa: FBT001 - a command-line flag
) -> int:
    """Show what happened in a run: steps, model calls, tool calls, refusals, dispatched runs.

    ID is the beginning of a run's id that no other has, or "last".
    """
    wanted = as_text(run_id, "the id")
    return run_async(partial(_show, store, wanted, html, as_json=as_json))


async def _show(url: str | None, wanted: str, html: Path | None, *, as_json: bool) -> int:
    async with reading(url) as records:
        run = await find_run(records.runs, wanted)
        story = await read_story(records.runs, records.audit, run)
    if html is not None:
        await _write(html, run_page(story))
        tell(f"executus: {html} tells of run {run.run_id}")
    if as_json:
        say_json(story.as_json())
    elif html is None:
        show_story(story)
    return DONE


async def _write(path: Path, page: str) -> None:
    try:
        await anyio.Path(path).write_text(page, encoding="utf-8")
    except OSError as error:
        raise SetupError(f"cannot write {path}: {error.strerror}") from error


@runs.command(
    epilog="""\b
Example:
  executus runs resume last --yes"""
)
@store_option
@click.argument("run_id", metavar="ID")
@click.option(
    "--ask", multiple=True, help="Ask before calls, as for `run`; else as the run was begun."
)
@yes_option
@no_input_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event and line.")
def resume(  # noqa: PLR0917 - click passes each option as an argument
    store: str | None,
    run_id: str,
    ask: tuple[str, ...],
    yes: bool,  # noqa: FBT001 - a command-line flag
    no_input: bool,  # noqa: FBT001 - a command-line flag
    as_json: bool,  # noqa: FBT001 - a command-line flag
) -> int:
    """Go on with a run that was interrupted, failed, or lost its process.

    For runs that `executus run` or `chat` wrote down: with what was asked for then, the agent as
    its file is now. What the run waits for is asked again. Others are resumed by the program that
    knows their agents.
    """
    wanted = as_text(run_id, "the id")
    answers = Setting(ask=ask, yes=yes, no_input=no_input, store=store)
    return run_async(partial(_resume, wanted, answers, as_json=as_json))


async def _resume(wanted: str, answers: Setting, *, as_json: bool) -> int:
    with refusing(as_json=as_json):
        async with reading(answers.store) as records:
            run_id = (await find_run(records.runs, wanted)).run_id
            restored = restore(run_id, await records.checkpointer.load(run_id))
        with open_display(as_json=as_json, names_run=True) as display:
            return await resume_run(restored, answers, display)


@runs.command(
    epilog="""\b
Example:
  executus runs prune --older 90d"""
)
@store_option
@click.option("--older", required=True, metavar="AGE", help="Such as 90d or 12h.")
@_json
def prune(
    store: str | None,
    older: str,
    as_json: bool,  # noqa: FBT001 - a command-line flag
) -> int:
    """Forget runs that ended so long ago, with what happened in them.

    And the journals that were not touched for so long: such runs cannot be resumed any more, those
    that wait for an answer neither. Nothing is forgotten by itself.
    """
    return run_async(partial(_prune, store, older, as_json=as_json))


async def _prune(url: str | None, older: str, *, as_json: bool) -> int:
    age = age_of(older)
    async with reading(url) as records:
        return await prune_runs(records, age, as_json=as_json)
