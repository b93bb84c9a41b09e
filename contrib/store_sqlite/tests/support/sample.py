"""Writes one thing into every table, and the file as SQL: `sample.py FOLDER`.

Run once for each version of the schema, when it is made: `tests/dumps/NNNN.sql` is what it printed.
"""

import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
from executus_store_sqlite import open_store

from executus.batteries.audit import DenialRecord, RunRecord
from executus.batteries.budget import Reservation
from executus.batteries.persona import Persona
from executus.batteries.schedule import Job
from executus.batteries.skill import SavedSkill
from executus.tools.store import Scope

AT = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
US = 1_767_268_800_000_000
DENIAL = DenialRecord(
    id="1",
    run_id="r",
    at=AT,
    call_id="c",
    tool="disk.write",
    stage="grant",
    reason="no ☃",
    extra={"odd": float("inf"), "later": [1, None]},
)
PLAIN = replace(DENIAL, run_id="q", extra={})
RUN = RunRecord(
    id="r",
    run_id="r",
    at=AT,
    parent=None,
    root="r",
    agent="helper",
    caller="ann",
    status="ok",
    started=AT,
    ended=AT + timedelta(seconds=1),
    warnings=("one",),
    metadata={"tenant": "t"},
)
GOES_ON = replace(RUN, id="s", run_id="s", status="running", ended=None)
PERSONA = Persona(name="guide", instructions="Show people around.", tools=("web.*",))
SKILL = SavedSkill(name="haiku", instructions="Answer as a haiku.")
JOB = Job(id="digest", cron="30 7 * * 1-5", zone="Europe/Berlin", payload={"skill": "haiku"})
SCOPE = Scope(agent="helper", caller="ann")


async def write_first(store):
    """What version 1 keeps."""
    await store.budget().commit("r", {"a": 5}, US)
    held = Reservation(run_id="s", amounts={"a": 3}, now_us=US, expires_us=US + 60_000_000)
    await store.budget().reserve(held, [])
    await store.audit().write([DENIAL, PLAIN])
    await store.runs().put(RUN)
    await store.runs().put(GOES_ON)
    await store.checkpoints().append("s", 0, ["one", "zwei ü \ud800"], AT)


async def write_second(store):
    """What version 2 keeps beside that."""
    await store.personas().save(PERSONA)
    await store.notes().add("guide", "ann", "likes tea", keep=9)
    await store.skills().save(SKILL)
    await store.schedule().put(JOB, AT)
    await store.schedule().lease("one", AT, AT + timedelta(seconds=30))
    await store.scratch().put(SCOPE, "todo", "milk")


async def main(folder):
    path = Path(folder) / "sample.db"
    async with open_store(f"sqlite:///{path}") as store:
        await write_first(store)
        if hasattr(store, "scratch"):
            await write_second(store)
    with closing(sqlite3.connect(path)) as connection:
        for name in ("application_id", "user_version"):
            ((value,),) = connection.execute(f"PRAGMA {name}")
            print(f"PRAGMA {name} = {value};")
        print(*connection.iterdump(), sep="\n")


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
