"""A process that writes journal entries, `BATCH` a transaction, and says which are acknowledged.

`scribe.py URL DIARY COUNT`: each of COUNT acknowledged transactions is one byte in the file DIARY.
"""

import os
import sys
from datetime import UTC, datetime

import anyio
from executus_store_sqlite import open_store

BATCH = 3


async def main(url, diary, count):
    file = os.open(diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    async with open_store(url) as store:
        journals, at = store.checkpoints(), 0
        for _ in range(int(count)):
            entries = [f"{at + n} {'x' * (37 * (at % 101))}" for n in range(BATCH)]
            await journals.append("r", at, entries, now)
            os.write(file, b".")
            at += BATCH


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
