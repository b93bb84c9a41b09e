"""What the command says of itself without loading the library: its version, and its help."""

from __future__ import annotations

import errno
import os
import sys
from importlib.metadata import version
from typing import NoReturn, TextIO, cast

import click

__all__ = ["COMMANDS", "answer", "outline"]

ABOUT = """Run LLM agents, bounded and observed.

Exit codes: 0 done; 1 failed; 2 asked for wrongly or not set up: an unknown model, a missing
key; 128 and a signal's number when one ended it: 130 interrupted, 143 terminated, 129 hung
up, 141 nobody reads the output any more.
"""
EXAMPLE = """\b
Example:
  executus run "what is 6*7?" --model fake --tools 'calc.*'"""
COMMANDS = {
    "chat": "Talk with an agent, turn by turn.",
    "doctor": "Look for mistakes in the set-up; say how to mend each.",
    "models": "Say which models there are, from where, and what is missing.",
    "run": "Run TASK and show what happens.",
    "runs": "Look at the runs that a store keeps, and go on with them.",
    "tools": "Say which tools there are, what they do and what they take.",
}
"""The commands and what they are for; a test holds it against those of `executus.cli`."""


def outline() -> click.Group:
    """The command as its help shows it: names and first sentences, nothing that runs."""
    commands = [click.Command(name, help=text) for name, text in COMMANDS.items()]
    context = {"help_option_names": ["-h", "--help"]}
    group = click.Group(
        "executus", commands=commands, help=ABOUT, epilog=EXAMPLE, context_settings=context
    )
    return click.version_option(package_name="executus")(group)


def answer(option: str) -> NoReturn:
    """Print the version or the help, and end the process."""
    if option == "--version":
        _print(f"executus, version {version('executus')}")
    group = outline()
    _print(group.get_help(click.Context(group, info_name="executus", **group.context_settings)))


def _print(text: str) -> NoReturn:
    stream = cast("TextIO | None", sys.stdout)
    try:
        if stream is not None:
            stream.write(f"{text}\n")
            stream.flush()
    except OSError as error:
        os._exit(_told(error))  # what could not be written must not be tried again
    os._exit(0 if stream is not None else _told(OSError(errno.EBADF, "closed")))


def _told(error: OSError) -> int:
    """Say what failed; the exit code."""
    if error.errno == errno.EPIPE:
        return 128 + 13
    said = os.strerror(error.errno or errno.EIO)
    os.write(2, f"executus: cannot write to standard output: {said}\n".encode())
    return 1
