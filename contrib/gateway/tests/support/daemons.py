"""Real daemons for tests: ended whatever became of the test."""

import os
import signal
from contextlib import suppress

from executus_gateway.local import DaemonFiles

from majordomo.clock import SYSTEM_CLOCK


async def end_daemon(home, how=signal.SIGTERM):
    """End the daemon of a folder, if there is one, and wait for its end."""
    files = DaemonFiles(home)
    holder = files.holder()
    if holder and holder != os.getpid():
        with suppress(ProcessLookupError):
            os.kill(holder, how)
    while files.holder() is not None:
        await SYSTEM_CLOCK.sleep(0.01)
    if holder and holder != os.getpid():
        with suppress(ChildProcessError):
            os.waitpid(holder, 0)


def daemon_home(home):
    """A folder whose daemon may reach this machine."""
    home.mkdir(mode=0o700)
    (home / "gateway.toml").write_text('allow_hosts = ["127.0.0.1"]')
