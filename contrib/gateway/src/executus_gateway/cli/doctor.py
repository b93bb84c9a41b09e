"""`executus-gateway doctor`: what is wrong with the set-up, each with its fix."""

from __future__ import annotations

import shutil
import stat
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias

import click

from executus.cli.process import DONE, FAILED, run_async
from executus_gateway.cli.agents import AGENTS
from executus_gateway.cli.connecting import folder
from executus_gateway.cli.listing import json_option, show_list
from executus_gateway.daemon import DaemonSettings
from executus_gateway.errors import GatewayError
from executus_gateway.sdk import Client, find_daemon

__all__ = ["doctor"]

Found: TypeAlias = tuple[str, Literal["ok", "note", "error"], str]
"""What was looked at, what came of it, and what to do."""


@click.command()
@json_option
def doctor(*, as_json: bool) -> int:
    """Look for mistakes in the set-up. Exit code 1 when something is wrong."""
    return run_async(partial(_doctor, folder(), as_json=as_json))


async def _doctor(home: Path, *, as_json: bool) -> int:
    rows: list[dict[str, Any]] = []
    async with aclosing(_looked(home)) as found:
        async for what, state, told in found:
            rows.append({"what": what, "state": state, "told": told})
    show_list(rows, ("what", "state", "told"), as_json=as_json)
    return FAILED if any(row["state"] == "error" for row in rows) else DONE


async def _looked(home: Path) -> AsyncGenerator[Found]:
    yield _folder(home)
    yield _settings(home)
    try:
        async with await Client.create(adapter="daemon", folder=home) as client:
            yield _daemon(home)
            run = await client.execute("return 6 * 7")
            works = run.outcome is not None and run.outcome.value == 42
            yield (
                "sandbox",
                "ok" if works else "error",
                "runs code" if works else str(run.outcome),
            )
            for source in await client.sources():
                is_fine = source.state == "connected"
                yield (
                    f"source {source.namespace}",
                    "ok" if is_fine else "error" if source.state == "error" else "note",
                    f"{source.tool_count} tools" if is_fine else source.problem or source.state,
                )
            waiting = len(await client.inbox())
            yield ("inbox", "note" if waiting else "ok", f"{waiting} questions wait")
    except GatewayError as error:
        yield ("daemon", "error", str(error))
    for agent in AGENTS:
        there = shutil.which(agent)
        yield (f"agent {agent}", "ok" if there else "note", there or "not in PATH")


def _folder(home: Path) -> Found:
    if not home.exists():
        return ("folder", "note", f"{home} is made at the first start")
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        return ("folder", "error", f"{home} is open to others ({mode:o}): chmod 700 it")
    return ("folder", "ok", str(home))


def _settings(home: Path) -> Found:
    try:
        settings = DaemonSettings.read(home)
    except GatewayError as error:
        return ("settings", "error", str(error))
    hosts = ", ".join(settings.allow_hosts) or "none"
    return ("settings", "ok", f"internal hosts allowed: {hosts}")


def _daemon(home: Path) -> Found:
    found = find_daemon(home)
    ours = version("executus-gateway")
    if found is None:
        return ("daemon", "error", "it ended as soon as it was started: look into its log")
    if found.version != ours:
        told = f"it is version {found.version}, this is {ours}: stop it, a new one is started"
        return ("daemon", "error", told)
    return ("daemon", "ok", f"{found.url}, process {found.pid}")
