"""`python pausing.py FOLDER CODE`: run code, say when it is paused, stay until killed."""

import sys

import anyio
from executus_gateway.assembly import open_local

from executus.egress import Egress


async def main(folder, code):
    async with open_local(folder, guard=Egress(allow_hosts=["127.0.0.1"])) as gateway:
        run = await gateway.start(code)
        paused = await gateway.wait(run.id, through_pauses=False)
        print(paused.id, paused.state, flush=True)
        await anyio.sleep_forever()


anyio.run(main, *sys.argv[1:])
