"""A scheduler process: `scheduling.py URL CLOCK LOG NAME`.

It writes `claim KEY NAME` when the store has given it a tick, and `fire KEY NAME` when it fires it,
each in one write to the end of LOG.
"""

import os
import sys
from pathlib import Path

import anyio
from executus_store_sqlite import open_store
from simulated import SimulatedClock

from executus.batteries.schedule import Scheduler


class Told:
    """A store that tells what was claimed."""

    def __init__(self, store, tell):
        self._store, self._tell = store, tell
        self.put, self.remove, self.list = store.put, store.remove, store.list
        self.lease = store.lease

    async def claim(self, job_id, due, following):
        won = await self._store.claim(job_id, due, following)
        if won:
            self._tell("claim", f"{job_id}@{due.isoformat()}")
        return won


async def main(url, clock, log, name):
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def tell(word, key):
        os.write(file, f"{word} {key} {name}\n".encode())

    async def fire(tick):
        tell("fire", tick.key)

    async with open_store(url) as store:
        scheduler = Scheduler(
            Told(store.schedule(), tell),
            fire,
            clock=SimulatedClock(Path(clock)),
            owner=name,
            poll_s=5,
            lease_s=30,
        )
        tell("ready", "-")
        await scheduler.run()


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
