"""`python killed.py FOLDER PLACE`: run after run, until the process kills itself at a sync.

Each event is told, on standard output, once it is acknowledged. `PLACE` is the number of the fsync
before which the process dies, counted from the first event on; a negative one dies right after it.
"""

import os
import signal
import sys

import anyio
from executus_gateway.assembly import open_local

fsync = os.fsync


class Dying:
    """`os.fsync`, until its turn has come."""

    def __init__(self, place):
        self.left = abs(place)
        self.before = place > 0

    def __call__(self, descriptor):
        self.left -= 1
        if self.left == 0 and self.before:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(descriptor)
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def tell(events):
    async for event in events:
        os.write(1, f"{event.sequence} {event.kind}\n".encode())


async def main(folder, place):
    async with (
        open_local(folder) as gateway,
        anyio.create_task_group() as group,
        gateway.watch() as events,
    ):
        group.start_soon(tell, events)
        os.fsync = Dying(int(place))
        for number in range(1000):
            await gateway.execute(f"tools.search('x')\nreturn {number}")


anyio.run(main, *sys.argv[1:])
