"""A process that reserves, commits and releases: `spender.py URL NAME RUNS CAP`."""

import random
import sys

import anyio
from executus_store_sqlite import open_store

from executus.batteries.budget import Bound, Reservation

NOW = 1_800_000_000_000_000


async def main(url, name, runs, cap):
    dice, spent = random.Random(name), 0
    async with open_store(url) as store:
        budget = store.budget()
        for number in range(runs):
            run_id, amount = f"{name}-{number}", dice.randint(1, 5)
            held = Reservation(
                run_id=run_id, amounts={"a": amount}, now_us=NOW, expires_us=NOW + 10**12
            )
            refused = await budget.reserve(held, [Bound(account="a", cap=cap, after_us=0)])
            assert await budget.used("a", after_us=0, now_us=NOW) <= cap
            if refused is None and dice.random() < 0.3:
                await budget.release(run_id)
            elif refused is None:
                await budget.commit(run_id, {"a": amount}, NOW)
                spent += amount
    print(spent)


if __name__ == "__main__":
    url, name, runs, cap = sys.argv[1:]
    anyio.run(main, url, name, int(runs), int(cap))
