"""`executus-gateway daemon`: the process that serves a folder."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import click

from executus.cli.inputs import duration
from executus.cli.output import say_json, tell
from executus.cli.process import DONE, FAILED, run_async
from executus_gateway import daemon as serving
from executus_gateway.cli.connecting import folder
from executus_gateway.cli.listing import json_option, show_list
from executus_gateway.sdk import find_daemon, stop_daemon

__all__ = ["daemon"]


@click.group()
def daemon() -> None:
    """Run, look at and stop the daemon of a folder; clients start it themselves."""


@daemon.command()
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--allow-host", "allow_hosts", multiple=True, help="An internal host for sources.")
@click.option(
    "--idle-stop", "idle_stop_s", type=duration, help="End after so long without work, such as 10m."
)
def run(port: int | None, allow_hosts: tuple[str, ...], idle_stop_s: float | None) -> int:
    """Serve in the foreground. Options go over what the folder's gateway.toml says."""
    os.umask(0o077)
    home = folder()
    given = {
        "port": port,
        "allow_hosts": allow_hosts or None,
        "idle_stop_s": idle_stop_s,
    }
    set_here = {key: value for key, value in given.items() if value is not None}
    settings = serving.DaemonSettings.read(home).model_copy(update=set_here)
    tell(f"serving {home}; Ctrl-C ends it")
    anyio.run(serving.run_daemon, home, settings)
    return DONE


@daemon.command()
@json_option
def status(*, as_json: bool) -> int:
    """Say whether a daemon serves the folder; exit code 1 when none does."""
    return run_async(partial(_status, folder(), as_json=as_json))


async def _status(home: Path, *, as_json: bool) -> int:
    found = find_daemon(home)
    if found is None:
        if as_json:
            say_json({"running": False, "folder": str(home)})
        else:
            tell(f"no daemon serves {home}")
        return FAILED
    told: dict[str, Any] = {
        "running": True,
        "pid": found.pid,
        "url": found.url,
        "version": found.version,
        "folder": str(home),
    }
    show_list([told], ("pid", "url", "version", "folder"), as_json=as_json)
    return DONE


@daemon.command()
def stop() -> int:
    """End the daemon; what is paused goes on when the next one starts."""
    return run_async(partial(_stop, folder()))


async def _stop(home: Path) -> int:
    stopped = await stop_daemon(home)
    tell(f"no daemon serves {home}" if stopped is None else "stopped")
    return DONE
