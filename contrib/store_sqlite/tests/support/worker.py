"""A process to kill: runs agents with journals in SQLite, and resumes what it finds.

`worker.py URL WORLD FIRST COUNT` resumes every unfinished run, then makes COUNT runs from FIRST on.
It prints `ack RUN LENGTH` for each journal entry that was acknowledged, `end RUN` for each run that
ended, and `done`. What tools do goes into the file WORLD.
"""

import json
import os
import sys

import anyio
from executus_store_sqlite import open_store

from executus import Executor, Invocation, Ports, RunnableAgent
from executus.batteries.checkpoint import DurableCheckpointer
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider, Reply

WRITES = 3
KEY = b"a key for this test"


def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Told(DurableCheckpointer):
    async def append(self, run_id, at, entries):
        await super().append(run_id, at, entries)
        say("ack", run_id, at + len(entries))

    async def end(self, run_id):
        say("ending", run_id)
        await super().end(run_id)


class Script(FakeProvider):
    def take(self, model_id, request):
        steps = sum(message.role == "assistant" for message in request.messages)
        run_id = next(message.text for message in request.messages if message.role == "user")
        line = {"line": f"{run_id} {steps}"}
        last = Reply(text="finished")
        self.enqueue(model_id, Reply(calls=[("write", line)]) if steps < WRITES else last)
        return super().take(model_id, request)


async def main(url, world, first, count):
    @tool
    async def write(line: str) -> str:
        """Write a line."""
        with open(world, "a") as file:
            file.write(line + "\n")
        return "wrote"

    async with open_store(url) as store:
        journals = Told(store.checkpoints(), keys=[KEY])
        agent = RunnableAgent(name="scribe", model=Script().model("m"), tools=[write])
        executor = Executor(agents=[agent], ports=Ports(checkpointer=journals))
        say("ready")
        for run in await journals.unfinished():
            result = await executor.resume(run.run_id)
            say("end" if result.ok else f"FAILED {result.error!r}", run.run_id)
        for number in range(first, first + count):
            name = f"r{number}"
            result = await executor.run(agent, Invocation(name, run_id=name))
            say("end" if result.ok else f"FAILED {result.error!r}", name)
    say("done", json.dumps(count))


if __name__ == "__main__":
    url, world, first, count = sys.argv[1:]
    anyio.run(main, url, world, int(first), int(count))
