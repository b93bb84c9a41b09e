"""`executus-gateway sources`: where tools come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from executus.cli.output import say_json, tell
from executus.cli.process import DONE, FAILED
from executus_gateway.cli.connecting import with_client
from executus_gateway.cli.listing import json_option, show_list
from executus_gateway.schema import Source
from executus_gateway.sdk import Client

__all__ = ["sources"]

_COLUMNS = ("namespace", "kind", "state", "tools", "problem")


@click.group()
def sources() -> None:
    """List, add, remove and refresh sources of tools."""


@sources.command("list")
@json_option
@with_client
async def list_sources(client: Client, *, as_json: bool) -> int:
    """List sources with their state."""
    found = [_shown(source) for source in await client.sources()]
    none = "no sources yet: executus-gateway sources add --help"
    show_list(found, _COLUMNS, as_json=as_json, none=none)
    return DONE


@sources.command(
    epilog="""\b
Examples:
  executus-gateway sources add url https://example.com/
  executus-gateway sources add openapi openapi.json --base-url https://example.com
  executus-gateway sources add mcp https://example.com/mcp --name wiki
  executus-gateway sources add command npx -- -y @modelcontextprotocol/server-everything"""
)
@click.argument("kind", type=click.Choice(["url", "openapi", "graphql", "mcp", "command"]))
@click.argument("place")
@click.argument("args", nargs=-1)
@click.option("--name", "namespace", default="", help="First part of its tools' names.")
@click.option("--base-url", default="", help="Where requests go, if the document does not say it.")
@click.option("--sdl", default="", help="A file with the schema, for graphql.")
@json_option
@with_client
async def add(  # noqa: PLR0917 - click passes each option as an argument
    client: Client,
    kind: str,
    place: str,
    args: tuple[str, ...],
    namespace: str,
    base_url: str,
    sdl: str,
    *,
    as_json: bool,
) -> int:
    """Add a source: the address (or file) of an OpenAPI document, an endpoint, or a program.

    With `url` the gateway finds out what is at an address.
    """
    given: dict[str, Any] = {kind: _place(kind, place), "namespace": namespace}
    given |= {"args": list(args)} if args else {}
    given |= {"base_url": base_url} if base_url else {}
    given |= {"sdl": _absolute(sdl)} if sdl else {}
    return _told(await client.add_source(**given), as_json=as_json)


@sources.command()
@click.argument("source")
@json_option
@with_client
async def refresh(client: Client, source: str, *, as_json: bool) -> int:
    """Read a source anew, by id or name."""
    return _told(await client.refresh_source(source), as_json=as_json)


@sources.command()
@click.argument("source")
@with_client
async def remove(client: Client, source: str) -> int:
    """Remove a source and its credentials, by id or name."""
    removed = await client.remove_source(source)
    tell(f"{removed.namespace} is removed")
    return DONE


def _place(kind: str, place: str) -> str:
    is_file = kind == "openapi" and "://" not in place
    return _absolute(place) if is_file else place


def _absolute(path: str) -> str:
    """The daemon is at home elsewhere."""
    return str(Path(path).expanduser().absolute())


def _told(source: Source, *, as_json: bool) -> int:
    """An outage is told, and makes the command fail; the source stays."""
    if as_json:
        say_json(_shown(source))
    else:
        show_list([_shown(source)], _COLUMNS, as_json=False)
    if source.state == "auth_required":
        tell("it wants a credential: you are asked for it when one of its tools is called")
    return FAILED if source.state == "error" else DONE


def _shown(source: Source) -> dict[str, Any]:
    place = source.place.model_dump(mode="json", exclude={"env"}, exclude_defaults=True)
    return {
        "id": source.id,
        "namespace": source.namespace,
        "kind": source.kind,
        "state": source.state,
        "tools": source.tool_count,
        "problem": source.problem,
        "place": place,
    }
