"""Questions in a popup of tmux: it opens as one comes, and goes soon after the last is answered."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import anyio

from executus.cli.output import tell
from executus_gateway.cli.watching import until_questions
from executus_gateway.errors import DaemonFailed, Refused
from executus_gateway.sdk import Client, DaemonTarget, find_daemon
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["Popup", "watch_with_popups"]

LINGER_S: Final = 2.0
AGAIN_S: Final = 1.0
_SIZE: Final = ("-w", "80%", "-h", "60%")
_REFUSED: Final = 1
"""The exit code with which tmux says that it shows nothing."""


class Popup:
    """A popup over what the person at a tmux client sees, in which the inbox is answered.

    Args:
        tmux: The program.
        home: The gateway's folder.
    """

    def __init__(self, tmux: str, home: Path) -> None:
        inner = [sys.executable, "-m", "executus_gateway.cli", "--home", str(home)]
        answering = ["inbox", "watch", "--until-empty", "--linger", f"{LINGER_S:g}"]
        # The first line is there at once; Python needs a moment.
        shell = f"echo 'executus-gateway: an agent asks'; exec {shlex.join([*inner, *answering])}"
        self._command = [tmux, "display-popup", "-E", *_SIZE, shell]

    @classmethod
    async def here(cls, home: Path, environment: Mapping[str, str] = os.environ) -> Popup:
        """In the tmux session this process is in.

        Raises:
            Refused: There is none, or its tmux knows no popups.
        """
        tmux = shutil.which("tmux", path=environment.get("PATH"))
        if tmux is None or not environment.get("TMUX"):
            raise Refused(
                "popups need a tmux session, and this is none: run it in one, or "
                "`executus-gateway inbox watch` in a terminal of its own"
            )
        known = await _run([tmux, "list-commands", "display-popup"])
        if known.returncode:
            raise Refused("this tmux has no popups: version 3.2 or newer has")
        return cls(tmux, home)

    async def show(self) -> str:
        """Show it until it has gone.

        Returns:
            Why tmux shows none, as while nobody is attached to the session; empty when it did.
        """
        ended = await _run(self._command)
        told = ended.stderr.decode("utf-8", "replace").strip()
        return (told or "it gives no reason") if ended.returncode == _REFUSED and told else ""


async def watch_with_popups(home: Path, popup: Popup, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Show the popup whenever there is a question that it has not shown; until cancelled.

    A popup that the person closes stays closed until there is another question. Daemons may come
    and go: none is started for this.

    Args:
        home: The gateway's folder.
        popup: What is shown.
        clock: Paces looking for a daemon, and for a person.
    """
    told, lost = "", None
    while True:
        found, failed = None, ""
        try:
            found = find_daemon(home)
            if found is not None:
                async with Client(DaemonTarget(found)) as client:
                    await _follow(client, popup, clock)
        except DaemonFailed as error:
            # One that ended is gone at the next look, and its questions come back with another.
            failed = str(error) if found is None or found == lost else ""
            lost = found
        if failed and failed != told:
            tell(f"{failed}; trying again")
        told = failed or told
        await clock.sleep(AGAIN_S)


async def _follow(client: Client, popup: Popup, clock: Clock) -> None:
    known: frozenset[str] = frozenset()
    told = ""
    while True:
        waiting = await until_questions(client, known)
        refused = await popup.show()
        if not refused:  # one that came meanwhile may not have been shown
            known = frozenset(question.id for question in waiting)
        elif refused != told:
            tell(f"tmux shows no popup: {refused}; trying again")
        told = refused
        if refused:
            await clock.sleep(AGAIN_S)


async def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    return await anyio.run_process(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
    )
