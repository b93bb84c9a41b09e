"""Finds the daemon of a folder, and starts one when there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from executus_gateway.errors import DaemonFailed
from executus_gateway.local import DaemonFiles, DaemonRecord
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["DaemonAddress", "find_daemon", "start_daemon"]

START_TIMEOUT_S: Final = 120.0
POLL_S: Final = 0.02
LOCKED_S: Final = 20.0
_MODULE: Final = "executus_gateway.daemon"
_SPAWNED: Final[set[int]] = set()
"""Daemons this process has started: a process that lives long must see to their ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonAddress:
    """Where a daemon is, and what it asks for.

    Attributes:
        url: Of its root.
        token: Bearer token for everything; in no log.
        agent_token: Bearer token for the MCP endpoint alone, to be given to agents.
        pid: Its process.
        version: Of its distribution.
    """

    url: str
    token: str
    agent_token: str
    pid: int
    version: str

    def __repr__(self) -> str:
        return f"DaemonAddress({self.url}, pid {self.pid})"


def find_daemon(folder: str | os.PathLike[str]) -> DaemonAddress | None:
    """The daemon that serves a folder now, or None.

    Raises:
        DaemonFailed: There is one, but its token cannot be read.
    """
    files = DaemonFiles(folder)
    record = files.alive()
    return None if record is None else _address(files, record)


async def start_daemon(
    folder: str | os.PathLike[str],
    *,
    timeout_s: float = START_TIMEOUT_S,
    clock: Clock = SYSTEM_CLOCK,
) -> DaemonAddress:
    """The daemon of a folder, started when there is none. Many may do this at once.

    Args:
        folder: Made when missing.
        timeout_s: Seconds a daemon has to come up.
        clock: Times it.

    Raises:
        DaemonFailed: It does not come up; says what it complained of.
    """
    files = DaemonFiles(folder)
    with clock.deadline(timeout_s) as scope:
        files.prepare()
        while True:
            if (record := files.alive()) is not None:
                return _address(files, record)
            _reap()
            with _turn(files) as mine:
                if mine:
                    await _started(files, clock)
            await clock.sleep(POLL_S)
    assert scope.cancelled_caught  # noqa: S101 - the loop above has no other end
    raise DaemonFailed(
        f"the gateway's daemon did not come up in {timeout_s:g} s: look into {files.log}"
    )


@contextmanager
def _turn(files: DaemonFiles) -> Generator[bool]:
    turn = files.take_turn()
    try:
        yield turn is not None
    finally:
        if turn is not None:
            os.close(turn)


async def _started(files: DaemonFiles, clock: Clock) -> None:
    """Start a process and wait until it serves, or has ended: another may have been faster."""
    if files.holder() is not None:
        await _settled(files, clock)
        return
    files.forget()  # it tells of a dead daemon
    pid = _spawn(files)
    while files.alive() is None:
        if (code := _exit_code(pid)) is not None:
            if files.holder() is not None:
                return
            raise DaemonFailed(_complaint(files, code))
        await clock.sleep(POLL_S)


async def _settled(files: DaemonFiles, clock: Clock) -> None:
    """Wait for a daemon that is starting, or ending; another holder of the folder stays."""
    holder = files.holder()
    with clock.deadline(LOCKED_S):
        while holder is not None:
            if files.alive() is not None:
                return
            await clock.sleep(POLL_S)
            holder = files.holder()
        return
    raise DaemonFailed(
        f"{files.folder} is in use by process {holder}, which is no daemon: end it, or give "
        "another folder"
    )


def _spawn(files: DaemonFiles) -> int:
    # Not subprocess: its object would have to live as long as the daemon, which outlives us.
    null = os.devnull
    complaint = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", _MODULE, str(files.folder)],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, null, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, null, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, str(files.complaint), complaint, 0o600),
        ],
    )
    _SPAWNED.add(pid)
    return pid


def _exit_code(pid: int) -> int | None:
    """Of a child; None while it lives, or when the host waits for children itself."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        _SPAWNED.discard(pid)
        return None
    if not ended:
        return None
    _SPAWNED.discard(pid)
    return os.waitstatus_to_exitcode(status)


def _reap() -> None:
    for pid in list(_SPAWNED):
        _exit_code(pid)


def _complaint(files: DaemonFiles, code: int) -> str:
    try:
        lines = files.complaint.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    told = lines[-1][:500] if lines else f"it ended with {code}"
    return f"the gateway's daemon did not come up: {told}"


def _address(files: DaemonFiles, record: DaemonRecord) -> DaemonAddress:
    return DaemonAddress(
        url=record.url,
        token=files.token(),
        agent_token=files.agent_token(),
        pid=record.pid,
        version=record.version,
    )
