"""A process to kill: one run with every port over one SQLite file, and its resumption.

It goes on with whatever it finds, begins the run when there is nothing to go on with, and says what
it does, line by line, in a file that outlives it: what was acknowledged, what its tools did.
"""

import json
import os
import random
from hashlib import sha256
from typing import Any

import aiosqlite
from executus_store_sqlite import open_store
from failpoints import Death
from sabotage import SABOTAGES

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, RunRejected, RunStatus
from executus.asking import PENDING
from executus.batteries.audit import AuditLog
from executus.batteries.budget import BudgetRule, Estimate, RollingBudget
from executus.batteries.checkpoint import DurableCheckpointer
from executus.pendingattach import Attachment
from executus.registry import AskFor, Effect, ToolPolicy, ToolRegistry
from executus.run import Phase
from majordomo.llm import (
    FinishReason,
    Message,
    Response,
    Role,
    Target,
    TextPart,
    ToolCallPart,
    ToolContext,
    Usage,
    load_messages,
    tool,
)
from majordomo.providers.fake import FakeProvider

KEY = b"a key for this test"
RUN = "p"
STEERED = "mind the gap"


class Diary:
    """What this process says, in the order of the facts; nobody but it writes to the file."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def tell(self, what, *facts):
        os.write(self._file, (json.dumps([what, *facts]) + "\n").encode())


def kinds_of(entries):
    """The kinds of wrapped journal entries."""
    return [json.loads(entry.split(":", 2)[2])["kind"] for entry in entries]


def shapes_of(entries):
    """What a journal entry says, and which call it is of."""
    found = []
    for entry in entries:
        values = json.loads(entry.split(":", 2)[2])
        call = values.get("call_id")
        if values["kind"] == "result":
            (message,) = load_messages(values["messages"])
            call = message.tool_results[0].call_id
        found.append([values["kind"], call, sha256(entry.encode()).hexdigest()[:16]])
    return found


class Journals:
    """A `JournalStorage` that tells what it has acknowledged, and may die on the way."""

    def __init__(self, inner, death, diary):
        self._inner, self._death, self._diary = inner, death, diary
        self.answering = False

    async def append(self, run_id, at, entries, now):
        kinds = kinds_of(entries)
        for kind in kinds:
            self._death.at(f"journal.before.{kind}")
        await self._inner.append(run_id, at, entries, now)
        self._diary.tell("kept", run_id, at, shapes_of(entries))
        for kind in kinds:
            self._death.at(f"journal.after.{kind}")
        if "resumed" in kinds:
            self._death.at("answering.taken" if self.answering else "resume.taken")
        if run_id != RUN and "result" in kinds:
            self._death.at("child.journal.after.result")

    async def load(self, run_id):
        self._death.at("resume.before_load")
        found = await self._inner.load(run_id)
        self._death.at("resume.after_load")
        return found

    async def end(self, run_id):
        self._diary.tell("ending", run_id)
        self._death.at("end.before" if run_id == RUN else "child.end.before")
        await self._inner.end(run_id)
        self._death.at("end.after" if run_id == RUN else "child.end.after")

    async def unfinished(self):
        return await self._inner.unfinished()


class Spending:
    """A `BudgetStorage` that tells what it has acknowledged."""

    def __init__(self, inner, death, diary):
        self._inner, self._death, self._diary = inner, death, diary

    async def reserve(self, reservation, bounds):
        self._death.at("budget.before_reserve")
        passed = await self._inner.reserve(reservation, bounds)
        self._death.at("budget.after_reserve")
        return passed

    async def commit(self, run_id, amounts, now_us):
        self._death.at("budget.before_commit")
        await self._inner.commit(run_id, amounts, now_us)
        self._diary.tell("spent", run_id, dict(amounts))
        self._death.at("budget.after_commit")

    async def release(self, run_id):
        await self._inner.release(run_id)

    async def used(self, account, *, after_us, now_us):
        return await self._inner.used(account, after_us=after_us, now_us=now_us)


class Records:
    """An `AuditStore` that tells what it has acknowledged."""

    def __init__(self, inner, death, diary):
        self._inner, self._death, self._diary = inner, death, diary

    async def write(self, records):
        self._death.at("audit.before_flush")
        await self._inner.write(records)
        self._diary.tell("recorded", [record.id for record in records])
        self._death.at("audit.after_flush")

    async def read(self, run_id):
        return await self._inner.read(run_id)


class Runs:
    """A `RunIndex` that tells what it has acknowledged."""

    def __init__(self, inner, death, diary):
        self._inner, self._death, self._diary = inner, death, diary

    async def put(self, record):
        terminal = record.status not in ("running", "paused")
        if terminal:
            self._death.at("terminal.before")
        await self._inner.put(record)
        self._diary.tell("indexed", record.run_id, record.status)
        if terminal:
            self._death.at("terminal.after")

    async def get(self, run_id):
        return await self._inner.get(run_id)

    async def list(self, query):
        return await self._inner.list(query)


def watch_driver(death):
    """Die within transactions: between their statements, and while they are committed."""
    plain, many = aiosqlite.Connection.execute, aiosqlite.Connection.executemany
    within: list[str] = []

    def execute(self, sql, parameters=()):
        if sql.startswith("BEGIN"):
            within.clear()
        elif sql == "COMMIT":
            for place in (*within, "commit.during"):
                death.at(place)
        else:
            within.extend(places_of(sql, parameters))
        return plain(self, sql, parameters)

    def executemany(self, sql, parameters):
        rows = list(parameters)
        within.extend(places_of_many(sql, rows))
        return many(self, sql, rows)

    aiosqlite.Connection.execute, aiosqlite.Connection.executemany = execute, executemany


def places_of(sql, parameters):
    """Where a transaction with this statement is."""
    if sql.startswith("PRAGMA user_version ="):
        yield "open.in_migration"
    if sql.startswith("DELETE FROM journal") and parameters[0] == RUN:
        yield "end.in"
    if sql.startswith("INSERT INTO run ") and parameters[3] not in ("running", "paused"):
        yield "terminal.in"


def places_of_many(sql, rows):
    """As `places_of`, for a statement that is run for several rows."""
    if "INTO journal" in sql:
        yield from (f"journal.in.{kind}" for kind in kinds_of([row[3].decode() for row in rows]))
    if "INTO spent" in sql:
        yield "budget.in_commit"
    if "INTO reserved" in sql:
        yield "budget.in_reserve"
    if "INTO record" in sql:
        yield "audit.in_flush"


class Script(FakeProvider):
    """A model that answers by how far the transcript has come. Its call ids are the keys.

    Args:
        turns: What it says, per phase and turn: (tool, key, further arguments).
        name: Put before the places where it dies.
    """

    def __init__(self, turns, death, name=""):
        super().__init__()
        self._turns, self._death, self._name = turns, death, name

    def take(self, model_id, request):
        phase = max(m.text.count("<answer ") for m in request.messages if m.role is Role.USER)
        turn = sum(m.role is Role.ASSISTANT for m in request.messages)
        self._death.at(f"{self._name}model.before")
        aside = request.messages[0].text == "sum up"
        said = [] if aside else self._turns[phase][turn : turn + 1]
        self.enqueue(model_id, answer(said[0]) if said else answer((), "done"))
        outcome = super().take(model_id, request)
        if not self._name:
            self._death.at("model.answered")
        return outcome


def answer(calls, text=""):
    parts: list[Any] = [TextPart(text)] if text else []
    for name, key, more in calls:
        arguments = json.dumps({"key": key, **more})
        parts.append(ToolCallPart(id=key, name=name, arguments=arguments))
    return Response(
        message=Message(role=Role.ASSISTANT, parts=tuple(parts)),
        finish_reason=FinishReason.TOOL_CALLS if calls else FinishReason.STOP,
        usage=Usage(input=7, output=3, requests=1),
        target=Target("fake", "m"),
    )


def plan(seed):
    """The turns of two phases, in a random order; every tool is in it."""
    dice = random.Random(seed)
    turns = [
        (("disk__write", "write1", {}), ("look__read", "read1", {})),
        (("disk__pay", "pay1", {}),),
        (("crew__send", "send1", {}),),
        (("look__prepare", "prepare1", {}), ("disk__write", "write2", {})),
        (("look__read", "read2", {}), ("disk__write", "write3", {})),
    ]
    dice.shuffle(turns)
    cut = dice.randint(1, len(turns) - 1)
    return [turns[:cut], turns[cut:]]


CHILD = [
    [
        (("disk__write", "child1", {}), ("look__read", "child2", {})),
        (("disk__write", "child3", {}),),
    ]
]


def tools(death, diary):
    registry = ToolRegistry()

    async def effect(context, key):
        child = "child." if key.startswith("child") else ""
        diary.tell("begun", context.call.id)
        death.at(f"{child}call.begun")
        diary.tell("effect", key)
        death.at(f"{child}call.effected")
        return f"wrote {key}"

    @tool
    async def write(context: ToolContext, key: str) -> str:
        """Write."""
        return await effect(context, key)

    @tool
    async def pay(context: ToolContext, key: str) -> str:
        """Needs an approval."""
        return await effect(context, key)

    @tool
    async def read(context: ToolContext, key: str) -> str:
        """Read."""
        diary.tell("begun", context.call.id)
        death.at("read.begun")
        return f"read {key}"

    @tool
    async def prepare(context: ToolContext, key: str) -> str:
        """Attach something, ask a model, and write."""
        diary.tell("begun", context.call.id)
        run: Any = context.run
        run.attach(Attachment(data=b"some", media_type="text/plain", name="a.txt"))
        text = await run.generate("sum up", model=run_model[0])
        inner = f"{context.call.id}/1"
        done = await run.call("disk.write", json.dumps({"key": inner}))
        death.at("inner.between")
        return f"prepared {key}: {text}, {done.text}"

    @tool
    async def send(context: ToolContext, key: str) -> str:
        """Give a task to another agent."""
        diary.tell("begun", context.call.id)
        run: Any = context.run
        result = await run.dispatch("runner", "go")
        return f"sent {key}: {result.output}"

    run_model: list[Any] = ["m"]
    registry.add("disk", [write, pay])
    registry.add("crew", [send])
    registry.add("look", [read, prepare], policy=ToolPolicy(effect=Effect.READ))
    return registry, run_model


class LaterAsker:
    """The person answers later; meanwhile somebody steers."""

    def __init__(self, death, watching):
        self._death, self._watching = death, watching

    async def ask(self, request):
        self._death.at("paused.asking")
        for watch in self._watching:
            watch.steer(STEERED)
        return PENDING


class Watching(list):
    """A critic that only lets others steer the run."""

    async def watch(self, watch):
        if watch.info.run_id == RUN:
            self[:] = [watch]


class Delivery:
    def __init__(self, death, diary):
        self._death, self._diary = death, diary

    async def deliver(self, parcel):
        self._death.at("deliver.before")
        names = [attachment.name for attachment in parcel.attachments]
        self._diary.tell("delivered", parcel.key, parcel.text, names)
        self._death.at("deliver.after")


class Victim:
    """One process's life.

    Args:
        orders: `url`, `diary`, `seed` of the plan, `place` and `nth` of the death, and `together`:
            whether answers are given by the process that paused; `sabotage`, if any.
    """

    def __init__(self, orders):
        self._orders = orders
        self._diary = Diary(orders["diary"])
        self._death = Death(orders["place"], orders["nth"], self._diary.tell)
        watch_driver(self._death)
        if orders["sabotage"]:
            SABOTAGES[orders["sabotage"]]()

    async def live(self):
        death, diary = self._death, self._diary
        diary.tell("born")
        async with open_store(self._orders["url"]) as store:
            death.at("open.opened")
            self._journals = Journals(store.checkpoints(), death, diary)
            audit = AuditLog(Records(store.audit(), death, diary), Runs(store.runs(), death, diary))
            async with audit:
                await self._go_on(self._executor(store, audit))
        diary.tell("left")

    def _executor(self, store, audit):
        death, diary = self._death, self._diary
        registry, run_model = tools(death, diary)
        model = Script(plan(self._orders["seed"]), death).model("m")
        run_model[0] = model
        limits = Limits(max_steps=50, close_timeout_s=600, port_timeout_s=600)
        agents = [
            RunnableAgent(
                name="clerk",
                model=model,
                tools=["disk.*", "look.*", "crew.*"],
                phases=[Phase(name="a"), Phase(name="b")],
                limits=limits,
            ),
            RunnableAgent(
                name="runner",
                model=Script(CHILD, death, "child.").model("m"),
                tools=["disk.*", "look.*"],
                limits=limits,
            ),
        ]
        watching = Watching()
        return Executor(
            agents=agents,
            registry=registry,
            policy=AskFor(tools=["disk.pay"]),
            ports=Ports(
                checkpointer=DurableCheckpointer(self._journals, keys=[KEY]),
                budget=RollingBudget(
                    BudgetRule(max_tokens=10**9),
                    storage=Spending(store.budget(), death, diary),
                    estimate=Estimate(tokens=1000),
                ),
                audit=audit,
                ask=LaterAsker(death, watching),
                critic=watching,
                delivery=Delivery(death, diary),
            ),
        )

    async def _go_on(self, executor):
        waiting = await self._journals.unfinished()
        for run in waiting:
            await self._finish(executor, run.run_id, await self._resume(executor, run.run_id))
        if not self._orders["begun"] and all(run.run_id != RUN for run in waiting):
            agent = executor.agents["clerk"]
            await self._finish(
                executor, RUN, await executor.run(agent, Invocation("go", run_id=RUN))
            )

    async def _resume(self, executor, run_id):
        if run_id == RUN and self._orders["asked"]:
            try:
                return await self._answer(executor, self._orders["asked"])
            except RunRejected:  # the answer was taken, or the question was never written
                pass
        return await executor.resume(run_id)

    async def _answer(self, executor, asked):
        self._death.at("answering.before")
        self._journals.answering = True
        try:
            return await executor.resume(RUN, answers=dict.fromkeys(asked, True))
        finally:
            self._journals.answering = False

    async def _finish(self, executor, run_id, result):
        while result.status is RunStatus.PAUSED:
            asked = [request.id for request in result.pending]
            self._diary.tell("paused", run_id, asked)
            self._death.at("paused.waiting")
            if not self._orders["together"]:
                return
            result = await self._answer(executor, asked)
        results = [[each.call_id, each.text] for step in result.steps for each in step.results]
        said = [message.text for message in result.messages if message.role is Role.USER]
        self._diary.tell(
            "ended", run_id, result.status.value, repr(result.error), results, said, result.warnings
        )
