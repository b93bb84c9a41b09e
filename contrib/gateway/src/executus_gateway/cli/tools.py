"""`executus-gateway tools`: find tools, look at one, call one."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import click
from pydantic_core import from_json, to_json

from executus.cli.output import say
from executus.cli.process import DONE, run_async
from executus_gateway.cli.connecting import folder, with_client
from executus_gateway.cli.execute import run_code
from executus_gateway.cli.listing import json_option, show_list
from executus_gateway.errors import Refused
from executus_gateway.sdk import Client

__all__ = ["tools"]

_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z", re.ASCII)


@click.group()
def tools() -> None:
    """Search, describe and call tools."""


@tools.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--source", default="", help="In this source alone.")
@click.option("--limit", type=click.IntRange(1, 50), default=10, show_default=True)
@json_option
@with_client
async def search(
    client: Client, words: tuple[str, ...], source: str, limit: int, *, as_json: bool
) -> int:
    """Find tools by words, the best first."""
    found = await client.search(" ".join(words), source=source, limit=limit)
    show_list(
        found, ("path", "policy", "effect", "summary"), as_json=as_json, none="no tool matches"
    )
    return DONE


@tools.command()
@click.argument("path")
@with_client
async def describe(client: Client, path: str) -> int:
    """Show all about one tool, its arguments' JSON Schema included."""
    say(to_json(await client.describe(path), indent=2))
    return DONE


@tools.command(
    epilog="""\b
Examples:
  executus-gateway tools call pets.pets.list_pets limit=2
  executus-gateway tools call pets.pets.create_pet '{"body": {"name": "Rex"}}'"""
)
@click.argument("path")
@click.argument("arguments", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="The whole run as a JSON object.")
def call(path: str, arguments: tuple[str, ...], *, as_json: bool) -> int:
    """Call a tool, as a run of its own; policies and approvals apply.

    ARGUMENTS are one JSON object, or name=value each; a value that is JSON is taken as such.
    """
    path = path.removeprefix("tools.")
    if not _PATH.match(path):
        raise Refused(f"{path[:80]!r} is no tool's path: `tools search` finds them")
    code = f"return tools.{path}(**{_arguments(arguments)!r})"
    return run_async(partial(run_code, folder(), code, as_json=as_json))


def _arguments(given: tuple[str, ...]) -> dict[str, Any]:
    if len(given) == 1 and given[0].lstrip().startswith("{"):
        try:
            return from_json(given[0])
        except ValueError as error:
            raise Refused(f"the arguments are no JSON object: {error}") from error
    found: dict[str, Any] = {}
    for argument in given:
        name, equals, value = argument.partition("=")
        if not equals:
            raise Refused(f"{argument[:80]!r} is not name=value: give it so, or one JSON object")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return text
