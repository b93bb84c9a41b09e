"""A process that opens a store and spends one: `opener.py URL`; it says `ready`, then waits."""

import sys

import anyio
from executus_store_sqlite import open_store


async def main(url):
    print("ready", flush=True)
    sys.stdin.readline()
    async with open_store(url) as store:
        await store.budget().commit("r", {"b": 1}, 1_000)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
