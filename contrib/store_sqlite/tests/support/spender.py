"""A process that reserves, commits and releases: `spender.py URL NAME RUNS CAP [hold]`.

It prints what it spent. With `hold` it reserves five, says `holding` and waits to be killed.
"""

import random
import sys

import anyio
from executus_store_sqlite import open_store

from executus.batteries.budget import Bound, Reservation

NOW = 1_800_000_000_000_000
LEASE_US = 1_000_000_000_000


def reservation(run_id, amount):
    return Reservation(run_id=run_id, amounts={"a": amount}, now_us=NOW, expires_us=NOW + LEASE_US)


async def spend(budget, name, runs, bound):
    dice, spent = random.Random(name), 0
    for number in range(runs):
        run_id, amount = f"{name}-{number}", dice.randint(1, 5)
        refused = await budget.reserve(reservation(run_id, amount), [bound])
        assert await budget.used("a", after_us=0, now_us=NOW) <= bound.cap
        if refused is None and dice.random() < 0.3:
            await budget.release(run_id)
        elif refused is None:
            await budget.commit(run_id, {"a": amount}, NOW)
            spent += amount
    return spent


async def main(url, name, runs, cap, hold=""):
    bound = Bound(account="a", cap=int(cap), after_us=0)
    async with open_store(url) as store:
        spent = await spend(store.budget(), name, int(runs), bound)
        if hold:
            assert await store.budget().reserve(reservation(f"{name}-held", 5), [bound]) is None
            print("holding", spent, flush=True)
            await anyio.sleep_forever()
    print(spent)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
