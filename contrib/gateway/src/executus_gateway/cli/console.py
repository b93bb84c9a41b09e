"""`executus-gateway open`: the console in a browser, logged in."""

from __future__ import annotations

import webbrowser
from functools import partial
from pathlib import Path

import anyio.to_thread
import click

from executus.cli.output import say, tell
from executus.cli.process import DONE, run_async
from executus_gateway.cli.connecting import folder
from executus_gateway.sdk import DaemonTarget

__all__ = ["open_console"]


@click.command("open")
@click.option("--print-url", is_flag=True, help="Write the address instead; it is good once.")
def open_console(*, print_url: bool) -> int:
    """Open the console: the address logs a browser in, once, within a minute."""
    return run_async(partial(_open, folder(), print_url=print_url))


async def _open(home: Path, *, print_url: bool) -> int:
    target = await DaemonTarget.open(home)
    try:
        url = await target.login_url()
    finally:
        await target.aclose()
    if print_url or not await anyio.to_thread.run_sync(webbrowser.open, url):
        if not print_url:
            tell("no browser could be started: open this address, it is good once for a minute")
        say(url)
    return DONE
