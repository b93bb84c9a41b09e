"""Ends the daemon of a folder, and waits until the folder is free."""

from __future__ import annotations

import os
from typing import Final

from executus_gateway.errors import DaemonFailed
from executus_gateway.local import DaemonFiles
from executus_gateway.sdk.daemonstart import DaemonAddress, find_daemon
from executus_gateway.sdk.daemontarget import DaemonTarget
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["stop_daemon"]

STOP_TIMEOUT_S: Final = 30.0
POLL_S: Final = 0.02


async def stop_daemon(
    folder: str | os.PathLike[str],
    *,
    timeout_s: float = STOP_TIMEOUT_S,
    clock: Clock = SYSTEM_CLOCK,
) -> DaemonAddress | None:
    """End it. It is asked, not killed: a number in a file may be another process' by now.

    Args:
        folder: Its path.
        timeout_s: Seconds it has.
        clock: Times it.

    Returns:
        Where it was; None when there was none.

    Raises:
        DaemonFailed: It does not answer, or does not end.
    """
    found = find_daemon(folder)
    if found is None:
        return None
    files = DaemonFiles(folder)
    target = DaemonTarget(found)
    try:
        await target.stop()
    finally:
        await target.aclose()
    with clock.deadline(timeout_s):
        while files.holder() == found.pid:
            await clock.sleep(POLL_S)
        return found
    raise DaemonFailed(f"process {found.pid} does not end: look into {files.log}")
