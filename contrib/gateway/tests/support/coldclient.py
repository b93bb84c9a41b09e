"""`python coldclient.py FOLDER`: find or start the daemon, use it, say which process it is."""

import sys

import anyio
from executus_gateway.sdk import Client, find_daemon


async def main(folder):
    async with await Client.create(adapter="daemon", folder=folder) as client:
        run = await client.execute("return 1")
        print(find_daemon(folder).pid, run.outcome.value, flush=True)


anyio.run(main, sys.argv[1])
