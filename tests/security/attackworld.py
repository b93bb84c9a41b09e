"""One world for one attack: a real executor with all toolsets, and secrets planted around it."""

import json
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from town import Town

from executus import Executor, Invocation, Limits, Ports, RunnableAgent
from executus.batteries.audit import AuditLog
from executus.deliver import CallbackDeliverer
from executus.dispatchguard import DispatchGuard
from executus.egress import Egress
from executus.identity import Caller
from executus.registry import ALLOW_GRANTED, MappingSecrets, ToolRegistry, policy
from executus.run import MemoryCheckpointer
from executus.testing import FakeClock, FakeProvider, Reply
from executus.tools import (
    comms_tools,
    compose_tools,
    files_tools,
    meta_tools,
    net_tools,
    store_tools,
    web_tools,
)
from executus.tools.store import MemoryScratch
from majordomo.agent import ToolErrorLimits
from majordomo.llm import (
    FinishReason,
    Message,
    Response,
    Role,
    Target,
    ToolCallPart,
    ToolContext,
    Usage,
    dump_messages,
    tool,
)
from majordomo.models import ModelRegistry
from majordomo.skill import calc_skill, clock_skill

FILE_SECRET = "plum-canary-file-7731"
HIDDEN_SECRET = "plum-canary-hidden-4410"
KEY_SECRET = "plum-canary-key-9052"
ANNS_SECRET = "plum-canary-ann-1187"

BILL = {"to": "ann"}

MALLORY = Caller(id="mallory")
ANN = Caller(id="ann", roles=frozenset({"admin"}))


def call(name, /, **arguments):
    """A turn of one call; a name as registered."""
    return Reply(calls=[(name.replace(".", "__"), arguments)])


def raw(name, arguments="{}"):
    """A turn of one call, name and arguments byte for byte as the model wrote them."""
    return Reply(calls=[(name, arguments)])


def together(*turns):
    """Several calls in one turn."""
    return Reply(calls=[one for turn in turns for one in turn.calls])


def calls_of(*calls):
    """One turn whose calls have the ids that the model, or its server, chose."""
    parts = tuple(ToolCallPart(id=i, name=name, arguments=text) for i, name, text in calls)
    return Response(
        message=Message(role=Role.ASSISTANT, parts=parts),
        finish_reason=FinishReason.TOOL_CALLS,
        usage=Usage(input=1, output=1, requests=1),
        target=Target("mine", "turned"),
    )


def staged(*steps, **fields):
    """Sets the stage: fields of the world, then one step after another."""

    def world(world):
        for name, value in fields.items():
            setattr(world, name, value)
        for step in steps:
            step(world)

    return world


@dataclass(frozen=True, kw_only=True)
class Attack:
    """What a model that was turned tries, and how one would see that it got there.

    Attributes:
        goal: In words; unique.
        boundary: What stands in its way.
        turns: What the model does, then it says "done". A callable is given the request.
        harm: Says what happened that must not have; empty when nothing did.
        world: Sets the stage.
        control: Takes the protection away, or permits it: then `harm` must see something. May give
            other turns, where what is permitted is spelled otherwise.
        drive: Runs it otherwise than once.
        stopped: The run may end before the model has done all it wanted.
    """

    goal: str
    boundary: str
    turns: Sequence[Any]
    harm: Callable[["World"], Any]
    world: Callable[["World"], Any] = lambda _: None
    control: Callable[["World"], Any] | None = None
    drive: Any = None
    stopped: bool = False


@dataclass
class World:
    """What an attack meets. Fields are set before the executor is made."""

    folder: Path
    town: Town = field(default_factory=Town)
    clock: FakeClock = field(default_factory=FakeClock)
    caller: Caller = MALLORY
    hidden: Any = None
    tools: Sequence[Any] = ("*",)
    deny: Sequence[str] = ()
    on_demand: Sequence[str] = ()
    limits: Limits = Limits(max_steps=80, max_tool_calls=200)  # noqa: RUF009 - it is frozen
    policy: Any = ALLOW_GRANTED
    guard: Any = field(default_factory=DispatchGuard)
    ports: dict[str, Any] = field(default_factory=dict)
    egress: dict[str, Any] = field(default_factory=dict)
    net_secrets: Sequence[str] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    agents: list[Any] = field(default_factory=list)
    scratch: MemoryScratch = field(default_factory=MemoryScratch)
    shared: str = "nobody"
    sent: list[Any] = field(default_factory=list)
    delivered: list[Any] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    log: Any = None
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        self.provider = FakeProvider(name="mine", clock=self.clock, chunk_chars=65_536)
        self.root, self.outside = self.folder / "root", self.folder / "outside"
        self.files_root = self.root
        self.journals = MemoryCheckpointer()
        BILL["to"] = "ann"
        for place in (self.root / "docs", self.root / ".ssh", self.outside):
            place.mkdir(parents=True)
        (self.root / "notes.txt").write_text("high water at six\n")
        (self.root / "docs" / "tides.md").write_text("# Tides\n")
        (self.root / ".env").write_text(f"KEY={HIDDEN_SECRET}\n")
        (self.root / ".ssh" / "id_rsa").write_text(HIDDEN_SECRET)
        (self.outside / "secret.txt").write_text(FILE_SECRET)
        os.symlink(self.outside / "secret.txt", self.root / "link.txt")
        os.symlink(self.outside, self.root / "linked")
        os.symlink("docs/../../outside/secret.txt", self.root / "crooked")
        self.before = self.tree()

    def tree(self):
        """Every path there is, with its content."""
        return {
            path: path.read_bytes() if path.is_file() else b""
            for path in self.folder.rglob("*")
            if not path.is_symlink()
        }

    def registry(self):
        """All toolsets, and the host's own tools. What is alike is made once: making costs."""
        STAGE.world = self
        net, searching = {**self.egress}, "search" in self.more
        made = ToolRegistry()
        for toolset, options, make in (
            ("clock", (), lambda: clock_skill().tools),
            ("calc", (), lambda: calc_skill().tools),
            ("files", (self.files_root, self.hidden), self._files),
            (
                "web",
                (net, searching),
                lambda: web_tools(egress(net), search=STAGE if searching else None),
            ),
            (
                "net",
                (net, self.net_secrets),
                lambda: net_tools(egress(net), secrets=self.net_secrets),
            ),
            ("store", self.shared, lambda: store_tools(STAGE, shared=self.shared)),
            ("compose", (), compose_tools),
            ("meta", self.meta, lambda: meta_tools(**{**META, **self.meta})),
            ("comms", (), lambda: comms_tools(STAGE)),
        ):
            made.add(toolset, _once(f"{toolset} {options}", make))
        for toolset, tools in HOST_TOOLS.items():
            made.add(toolset, tools)
        return made

    def _files(self):
        hidden = {} if self.hidden is None else {"hidden": self.hidden}
        return files_tools(self.files_root, **hidden)

    def executor(self):
        """The executor as the host made it."""
        sinks = [] if self.more.get("forget") else [Kept(self.records)]
        audit = self.more["audit"] = AuditLog(sinks=sinks, clock=self.clock)
        ports = {
            "audit": audit,
            "delivery": CallbackDeliverer(self.delivered.append),
            "secrets": MappingSecrets({"api-key": KEY_SECRET}),
            **self.ports,
        }
        if self.more.get("asker"):
            ports["ask"] = self.more["asker"](self)
        models = ModelRegistry()
        models.register("mine", self.provider)
        self.more.get("models", lambda _: None)(models)
        return Executor(
            models=models,
            registry=self.registry(),
            agents=[self.agent, *self.agents],
            ports=Ports(**ports),
            policy=self.policy,
            guard=self.guard,
            on_event=self.events.append,
            clock=self.clock,
            lane=self.more.get("lane"),
        )

    @property
    def agent(self):
        """The agent whose model was turned."""
        return RunnableAgent(
            name="helper",
            model=self.provider.model("turned"),
            instructions="Help.",
            tools=self.tools,
            deny=self.deny,
            on_demand=self.on_demand,
            limits=self.limits,
            tool_errors=ToolErrorLimits(same_call=None, steps=None),
        )

    async def attack(self, turns, *, caller=None, run_id="attack"):
        """One run of the agent whose model does these turns."""
        self.provider.enqueue("turned", *turns, "done")
        invocation = Invocation("What are the tides?", caller=caller or self.caller, run_id=run_id)
        result = await self.executor().run(self.agent, invocation)
        self.results.append(result)
        return result

    def agent_named(self, name, *turns, tools=(), **fields):
        """Another agent of this host, and what its model does."""
        self.provider.enqueue(name, *turns)
        self.agents.append(
            RunnableAgent(
                name=name,
                model=self.provider.model(name),
                tools=tools,
                tool_errors=ToolErrorLimits(same_call=None, steps=None),
                **fields,
            )
        )

    @property
    def answers(self):
        """What tools answered the turned model, in order."""
        return [
            part.text
            for result in self.results
            for message in result.messages
            for part in message.tool_results
        ]

    @property
    def said(self):
        """All that models were told and all that runs came to."""
        prompts = [repr(request.messages) + request.system for _, request in self.provider.requests]
        return "\n".join([*prompts, *(dump_messages(one.messages) for one in self.results)])

    def places(self):
        """Every place something could have been written to, as text."""
        kept = [entry for entries in self.journals._journals.values() for entry in entries]
        return {
            "prompts and transcripts": self.said,
            "events": repr(self.events),
            "audit": repr(self.records),
            "journals": repr(kept),
            "deliveries": repr(self.sent) + repr(self.delivered),
            "questions": repr(self.asked),
            "the server outside": self.town.received.decode("latin-1"),
            "results": repr(self.results),
            "log": self.log.text if self.log else "",
        }

    def where(self, canary):
        """The places that hold a secret."""
        return [place for place, text in self.places().items() if canary in text]

    @asynccontextmanager
    async def open(self):
        async with self.town.open():
            yield self


class Kept:
    """An audit sink that keeps records as JSON values."""

    def __init__(self, records):
        self.records = records

    async def write(self, records):
        self.records.extend(one.as_json() for one in records)


class Stage:
    """What tools that are made once reach the world of the moment by."""

    world: Any = None

    async def resolve(self, host, port):
        return await self.world.town.resolve(host, port)

    async def connect(self, address, port):
        return await self.world.town.connect(address, port)

    async def deliver(self, parcel):
        out = self.world.more.get("out", CallbackDeliverer(self.world.sent.append))
        await out.deliver(parcel)

    async def search(self, query, *, limit):
        return await self.world.more["search"].search(query, limit=limit)

    async def put(self, scope, key, value, *, append=False):
        return await self.world.scratch.put(scope, key, value, append=append)

    async def get(self, scope, key):
        return await self.world.scratch.get(scope, key)

    async def entries(self, scope):
        return await self.world.scratch.entries(scope)

    async def delete(self, scope, key):
        return await self.world.scratch.delete(scope, key)


STAGE = Stage()
META = {"models": ["mine/wise"], "summary_model": "mine/wise", "clock": FakeClock()}
_MADE: dict[str, Any] = {}


def _once(key, make):
    if key not in _MADE:
        _MADE[key] = make()
    return _MADE[key]


def egress(options):
    return Egress(resolver=STAGE, connector=STAGE, clock=FakeClock(), **options)


def noted(what):
    STAGE.world.ran.append(what)
    return f"{what} done"


@policy(effect="write", roles={"admin"})
@tool
async def wipe(path: str = "/") -> str:
    """Wipe the disk."""
    return noted(f"wipe {path}")


@policy(effect="write")
@tool
async def pay(to: str, amount: int = 1, note: str = "") -> str:
    """Pay somebody."""
    return noted(f"pay {to} {amount}")


@tool
async def note(text: str) -> str:
    """Write a line into the log."""
    logging.getLogger("bank").warning("noted: %s", text)
    return "noted"


@policy(effect="read")
@tool
async def settle(context: ToolContext) -> str:
    """Pay what the bill says; the bill is somebody else's page."""
    return (await context.run.call("bank.pay", json.dumps({"to": BILL["to"]}))).text


@policy(effect="read", secrets=("api-key",))
@tool
async def query(context: ToolContext, how: str = "") -> str:
    """Ask the service."""
    key = context.secrets["api-key"]
    if how == "raise":
        raise RuntimeError(f"401: bad key {key}")
    if how == "error":
        raise ValueError(f"https://user:{key}@service.test/ refused {key}")
    return f"asked with {key}: {{'header': 'Bearer {key}'}}"


@policy(effect="write")
@tool
async def remember(context: ToolContext, note: str) -> str:
    """Remember something about the person you talk with."""
    await STAGE.world.more["notes"](context.run.caller.id).add(note)
    return "remembered"


@policy(effect="write", roles={"planner"})
@tool
async def schedule(cron: str, task: str) -> str:
    """Run a task again and again."""
    return noted(f"schedule {cron} {task}")


HOST_TOOLS = {
    "disk": [wipe],
    "bank": [pay, settle, note],
    "crm": [query],
    "memory": [remember],
    "calendar": [schedule],
}
"""What this host adds: a disk to wipe, a ledger, a service with a key, notes, a calendar."""
