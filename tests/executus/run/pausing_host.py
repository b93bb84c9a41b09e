"""A host whose runs pause for an approval; run as a program, once per process of a run's life."""

import json
import sys
from pathlib import Path

from executus import Executor, Invocation, Ports, RunnableAgent
from executus.asking import PENDING
from executus.registry import AskFor, ToolRegistry
from executus.run import JournalConflict
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider, Reply

FOLDER = Path(sys.argv[1])


class FolderCheckpointer:
    """A host's own: a file per run, a line per entry."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self._folder = folder

    async def append(self, run_id, at, entries):
        path = self._folder / run_id
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) != at:
            raise JournalConflict(run_id)
        with path.open("a") as file:
            file.writelines(f"{entry}\n" for entry in entries)

    async def load(self, run_id):
        path = self._folder / run_id
        return path.read_text().splitlines() if path.exists() else []

    async def end(self, run_id):
        (self._folder / run_id).unlink(missing_ok=True)


@tool
def write() -> str:
    """Write a line."""
    with (FOLDER / "written").open("a") as file:
        file.write("once\n")
    return "written"


def main():
    registry = ToolRegistry()
    registry.add("disk", [write])
    provider = FakeProvider()
    resuming = sys.argv[2] == "resume"
    provider.enqueue("m", "all written" if resuming else Reply(calls=[("disk__write", {})]))
    agent = RunnableAgent(name="scribe", model=provider.model("m"), tools=["disk.*"])
    executor = Executor(
        agents=[agent],
        registry=registry,
        policy=AskFor(tools=["disk.write"]),
        ports=Ports(checkpointer=FolderCheckpointer(FOLDER / "journals")),
        on_approval=lambda request: PENDING,
    )

    async def go():
        if resuming:
            return await executor.resume("r1", answers={sys.argv[3]: True})
        return await executor.run(agent, Invocation("write it down", run_id="r1"))

    from majordomo.tasks import run_sync

    result = run_sync(go)
    pending = [request.id for request in result.pending]
    sys.stdout.write(
        json.dumps({"status": result.status, "output": result.output, "pending": pending})
    )


if __name__ == "__main__":
    main()
