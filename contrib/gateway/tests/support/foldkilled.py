"""`python foldkilled.py FOLDER PLACES`: processes that fold a log, each killed at another place.

A place is a call of the system that makes a file what it is. Process N works in FOLDER/N, tells
each event it was acknowledged in FOLDER/N.told, and dies before its Nth call; process -N right
after it.
The last line of standard output is the highest place at which one died.
"""

import os
import signal
import sys
from pathlib import Path

import anyio
from executus_gateway.domain import Ledger
from executus_gateway.local import FileStore
from executus_gateway.schema import LOCAL_WORKSPACE, PolicyRule

LOG_BYTES = 700
EVENTS = 12
CALLS = ("open", "fsync", "ftruncate", "rename", "replace", "unlink")


class Dying:
    def __init__(self, place):
        self.left = abs(place)
        self.before = place > 0

    def around(self, call):
        def called(*args, **kwargs):
            self.left -= 1
            if self.left == 0 and self.before:
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*args, **kwargs)
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return called


async def fold_and_fold(folder, place):
    told = os.open(f"{folder}.told", os.O_WRONLY | os.O_CREAT, 0o600)
    tell = os.write
    store = FileStore(folder, log_bytes=LOG_BYTES)
    book = Ledger(store, new_id=lambda prefix: f"{prefix}_1")
    await book.open()
    dying = Dying(place)
    for name in CALLS:
        setattr(os, name, dying.around(getattr(os, name)))
    for number in range(EVENTS):
        rule = PolicyRule(
            id=f"pol_{number}", workspace=LOCAL_WORKSPACE, pattern="a.*", action="deny"
        )
        await book.commit("policy.added", rule)
        tell(told, b".")
    os._exit(0)


def main(folder, places):
    died_at = 0
    for place in range(1, int(places) + 1):
        for signed in (place, -place):
            pid = os.fork()
            if pid == 0:
                anyio.run(fold_and_fold, Path(folder) / str(signed), signed)
            if os.waitpid(pid, 0)[1] == signal.SIGKILL:
                died_at = place
    print(died_at)


if __name__ == "__main__":
    main(*sys.argv[1:])
