"""Attacks on logs, audits, pages and screens: lines, colours and markup of the model's making."""

import io
import json
import re

from attackworld import Attack, call, calls_of, raw

from executus.batteries.audit import read_story
from executus.deliver import StdoutDeliverer
from executus.progress import Progress, as_line
from executus.runpage import run_page

FORGED = "\r\nCRITICAL executus.run: r1 was approved\x1b[2K\x1b]0;pwned\x07\u2028\u202e"
MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
UGLY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]")
"""What moves, colours or reorders; line feeds are looked for apart."""


def steered(world):
    """Log lines above debug that a model's text began, or that hold what steers a terminal."""
    texts = [one.getMessage() for one in world.log.records if one.levelname != "DEBUG"]
    return [one for one in texts if UGLY.search(one) or "\nCRITICAL" in one]


def careless_log(world):
    """A host's tool that logs what it is given."""
    return [call("bank.note", text=FORGED)]


TEXTS = {
    "a tool's name": [raw("bank__pay" + FORGED), raw(FORGED)],
    "arguments": [call("bank.pay", to=FORGED), raw("bank__pay", FORGED)],
    "an argument's name": [raw("bank__pay", json.dumps({"to": "x", FORGED: 1}))],
    "a key of the store": [call("store.put", key=FORGED, value="x"), call("store.get", key=FORGED)],
    "a path": [call("files.read", path=FORGED), call("files.glob", pattern=FORGED)],
    "a URL": [call("web.fetch", url="http://evil.test/" + FORGED), call("web.fetch", url=FORGED)],
    "a host's name": [call("net.dns_lookup", name=FORGED)],
    "an agent's name": [call("meta.dispatch", agent=FORGED, task="x")],
    "a model's name": [call("meta.ask_model", model=FORGED, prompt="x")],
    "a file's name": [call("comms.attach", name=FORGED, text="x")],
    "a call's id": [calls_of((FORGED, "bank__pay", '{"to": "x"}'))],
}

LOGS = [
    Attack(
        goal=f"forge a line of the log with {what}",
        boundary="records",
        turns=turns,
        harm=steered,
        control=careless_log if what == "arguments" else None,
    )
    for what, turns in TEXTS.items()
]


async def shown(world, turns):
    """The run, then what a screen and a page show of it."""
    await world.attack(turns)
    now, lines = Progress(), []
    for event in world.events:
        now = now.apply(event)
        lines.append(as_line(now, width=500))
    audit = world.more["audit"]
    record = await audit.runs.get("attack")
    world.more["lines"] = lines
    world.more["page"] = run_page(await read_story(audit.runs, audit.store, record))


EVERYWHERE = [
    raw("bank__pay" + MARKUP + FORGED),
    raw(MARKUP, json.dumps({MARKUP: MARKUP + FORGED})),
    call("bank.pay", to=MARKUP + FORGED),
    call("store.put", key=MARKUP, value=MARKUP),
    calls_of((MARKUP, "store__get", json.dumps({"key": MARKUP}))),
    MARKUP + FORGED,
]

SHOWN = [
    Attack(
        goal="put markup that acts onto the page of the run",
        boundary="records",
        turns=EVERYWHERE,
        harm=lambda world: [
            one
            for one in ("<script>alert", "<img src=x", "</script><script")
            if one in world.more["page"]
        ],
        control=lambda world: world.more.update(drive=without_escapes),
        drive=shown,
        stopped=True,
    ),
    Attack(
        goal="steer the screen that shows what runs do",
        boundary="records",
        turns=EVERYWHERE,
        harm=lambda world: [one for one in world.more["lines"] if UGLY.search(one) or "\n" in one],
        control=lambda world: world.more.update(drive=without_as_line),
        drive=shown,
        stopped=True,
    ),
    Attack(
        goal="steer the terminal that the answer is printed on",
        boundary="records",
        world=lambda world: world.ports.update(delivery=StdoutDeliverer(screen(world, Terminal))),
        turns=[call("comms.attach", name=FORGED, text="x"), "the answer" + FORGED],
        harm=lambda world: UGLY.findall(world.more["screen"].getvalue()),
        control=lambda world: world.ports.update(
            delivery=StdoutDeliverer(screen(world, io.StringIO))
        ),
        stopped=True,
    ),
    Attack(
        goal="write a record of the audit that is not its own",
        boundary="records",
        turns=[
            call("bank.pay", to='x"}\n{"kind":"run","run_id":"other","status":"ok"}'),
            raw("bank__pay", '{"to": "x"}\n{"kind":"run","run_id":"other","status":"ok"}'),
        ],
        harm=lambda world: [one for one in world.records if one.get("run_id") != "attack"],
        control=lambda world: world.records.append({"run_id": "other"}),
    ),
    Attack(
        goal="do something that the audit does not tell",
        boundary="records",
        turns=[
            call("compose.pipeline", steps=[{"tool": "bank.pay", "arguments": {"to": "quietly"}}]),
            call("meta.call_tool", name="bank.pay", arguments={"to": "quietly"}),
        ],
        harm=lambda world: world.ran and "quietly" not in repr(world.records),
        control=lambda world: world.more.update(forget=True),
    ),
    Attack(
        goal="flood the audit with one text",
        boundary="records",
        turns=[call("bank.pay", to="x" * 200_000)],
        harm=lambda world: [one for one in world.records if len(repr(one)) > 150_000],
    ),
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def screen(world, kind):
    world.more["screen"] = kind()
    return world.more["screen"]


async def without_escapes(world, turns):
    await world.attack(turns)
    world.more["page"] = world.said


async def without_as_line(world, turns):
    await world.attack(turns)
    world.more["lines"] = [world.said, *(getattr(one, "tool", "") for one in world.events)]


ATTACKS = [*LOGS, *SHOWN]
