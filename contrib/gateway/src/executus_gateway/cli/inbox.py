"""`executus-gateway inbox`: questions of agents that wait for a person."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any, TextIO, cast

import click
from pydantic import SecretStr
from pydantic_core import from_json

from executus.cli.inputs import duration
from executus.cli.output import tell
from executus.cli.process import DONE, FAILED, run_async
from executus.cli.reading import LineReader, is_typed
from executus_gateway.cli.asking import CHANNEL, TerminalAnswers
from executus_gateway.cli.connecting import folder, with_client
from executus_gateway.cli.listing import json_option, show_list
from executus_gateway.cli.popup import Popup, watch_with_popups
from executus_gateway.cli.watching import watch_inbox
from executus_gateway.errors import Refused, UnknownId
from executus_gateway.schema import Answer, Interaction, Verdict
from executus_gateway.sdk import Client

__all__ = ["inbox"]


@click.group(invoke_without_command=True)
@click.pass_context
def inbox(context: click.Context) -> int:
    """List, answer and watch questions that wait for a person."""
    if context.invoked_subcommand is None:
        return context.invoke(list_questions, as_json=False)
    return DONE


@inbox.command("list")
@json_option
@with_client
async def list_questions(client: Client, *, as_json: bool) -> int:
    """List open questions, oldest first."""
    found = [question.model_dump(mode="json") for question in await client.inbox()]
    show_list(found, ("id", "kind", "title", "run"), as_json=as_json, none="nothing waits for you")
    return DONE


@inbox.command(
    epilog="""\b
Examples:
  executus-gateway inbox answer ask_1f0c
  executus-gateway inbox answer first --accept
  pass show service/key | executus-gateway inbox answer ask_1f0c --secret"""
)
@click.argument("question")
@click.option("--accept", "verdict", flag_value="accept", help="Yes.")
@click.option("--decline", "verdict", flag_value="decline", help="No.")
@click.option("--note", default="", help="Why, told to the agent.")
@click.option("--values", default="", help="What a form asks for, as a JSON object.")
@click.option("--secret", is_flag=True, help="Read a secret from standard input, one line.")
@with_client
async def answer(
    client: Client,
    question: str,
    verdict: Verdict | None,
    note: str,
    values: str,
    *,
    secret: bool,
) -> int:
    """Answer a question by id; `first` is the oldest. Without options you are asked."""
    found = _found(await client.inbox(), question)
    if verdict or values or secret:
        given = _given(verdict or "accept", note, values, secret=secret)
    else:
        given = await _asked(found)
    if given is None:
        tell("not answered: it still waits")
        return FAILED
    closed = await client.answer(found.id, given)
    tell(f"{closed.id} is {closed.state}")
    return DONE


@inbox.command()
@click.option("--until-empty", is_flag=True, help="End when no question is left.")
@click.option(
    "--linger",
    "linger_s",
    type=duration,
    help="Wait so long for another one, such as 2s, then end.",
)
@click.option("--popup", is_flag=True, help="In a popup of this tmux session, while there are any.")
def watch(*, until_empty: bool, linger_s: float | None, popup: bool) -> int:
    """Wait for questions and answer them here, as they come."""
    if popup and (until_empty or linger_s is not None):
        raise Refused("--popup watches until it is ended: leave --until-empty and --linger out")
    if popup:
        return run_async(partial(_watch_with_popups, folder()))
    ends = until_empty or linger_s is not None
    return _watch_here(linger_s=(linger_s or 0.0) if ends else None)


@with_client
async def _watch_here(client: Client, *, linger_s: float | None) -> int:
    answers = TerminalAnswers(LineReader(is_terminal=is_typed()))
    return await watch_inbox(client, answers, linger_s=linger_s)


async def _watch_with_popups(home: Path) -> int:
    await watch_with_popups(home, await Popup.here(home))
    return DONE


def _found(questions: list[Interaction], name: str) -> Interaction:
    matching = questions[:1] if name == "first" else [one for one in questions if one.id == name]
    if not matching:
        raise UnknownId(
            f"no open question {name[:80]!r}: `executus-gateway inbox` lists what waits"
        )
    return matching[0]


def _given(verdict: Verdict, note: str, values: str, *, secret: bool) -> Answer:
    try:
        form: dict[str, Any] | None = from_json(values) if values else None
    except ValueError as error:
        raise Refused(f"--values is no JSON object: {error}") from error
    if form is not None and not isinstance(form, dict):  # pyright: ignore[reportUnnecessaryIsInstance] - JSON
        raise Refused("--values is no JSON object")
    typed = cast("TextIO", sys.stdin).readline().rstrip("\r\n") if secret else ""
    return Answer(
        verdict=verdict,
        note=note,
        values=form,
        secret=SecretStr(typed) if secret else None,
        channel=CHANNEL,
    )


async def _asked(question: Interaction) -> Answer | None:
    if not is_typed():
        raise Refused("nobody types here: give --accept, --decline, --values or --secret")
    return await TerminalAnswers(LineReader(is_terminal=True)).answer(question)
