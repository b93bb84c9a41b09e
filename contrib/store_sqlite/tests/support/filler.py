"""A process whose files may not grow: `filler.py URL BYTES` fills a store and says what happens."""

import resource
import signal
import sys

import anyio
from executus_store_sqlite import StoreError, open_store

from executus.tools.store import Scope, ScratchQuota

QUOTA = ScratchQuota(max_keys=10_000, max_total_bytes=2**40)


async def main(url, most):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    scope, kept = Scope(agent="a"), []
    async with open_store(url) as store:
        scratch = store.scratch(QUOTA)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), resource.RLIM_INFINITY))
        for number in range(1000):
            try:
                await scratch.put(scope, f"k{number}", "x" * 20_000)
            except StoreError as error:
                print(type(error).__name__, error)
                break
            kept.append(f"k{number}")
        assert [entry.key for entry in await scratch.entries(scope)] == sorted(kept)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        await scratch.put(scope, "after", "there is room again")
    print(len(kept))


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
