"""`executus-gateway claude`, `codex`, `opencode`: an agent, started with the gateway at hand."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from typing import NoReturn

import anyio
import click

from executus_gateway.cli.agents import AGENTS, Launch
from executus_gateway.cli.connecting import folder
from executus_gateway.errors import Refused
from executus_gateway.sdk import start_daemon

__all__ = ["claude", "codex", "opencode"]


def _launcher(name: str) -> click.Command:
    """The command of an agent; what follows its name is the agent's own."""
    return click.Command(
        name,
        callback=partial(_launch, name),
        params=[click.Argument(["args"], nargs=-1, type=click.UNPROCESSED)],
        help=f"Start {name} with the gateway's tools; all ARGS are its own.",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )


def _launch(name: str, args: tuple[str, ...]) -> NoReturn:
    program = shutil.which(name)
    if program is None:
        raise Refused(f"{name} is not installed: no program of that name is in PATH")
    home = folder()
    daemon = anyio.run(start_daemon, home)
    launch = AGENTS[name](daemon, home, os.environ)
    _write(launch)
    try:
        _become(program, [name, *launch.options, *args], launch)
    except OSError as error:
        raise Refused(f"{program} cannot be started: {error.strerror}") from error


def _write(launch: Launch) -> None:
    for path, text in launch.files.items():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)


def _become(program: str, arguments: Sequence[str], launch: Launch) -> NoReturn:
    """In place of this process: signals, terminal and exit code are the agent's own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program, list(arguments), {**os.environ, **launch.variables})  # noqa: S606 - meant


claude = _launcher("claude")
codex = _launcher("codex")
opencode = _launcher("opencode")
