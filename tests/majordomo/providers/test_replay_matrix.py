"""A transcript made with any wire continues on any other (wire/README §9): all pairs.

The servers refuse what their vendors refuse: calls without results, ids of the wrong form, foreign
signatures, images where none may stand.
"""

import base64
from itertools import product

import pytest
from wirerows import KEY, WIRE_ROWS

from executus.testing import Turn
from majordomo.agent import Agent
from majordomo.llm import (
    ImagePart,
    Message,
    Role,
    ToolCallPart,
    dump_messages,
    load_messages,
    tool,
    tool_result,
    user,
)

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg=="
)
SIGNATURE = "sig-canary-"


def paired(a, b):
    """Rows that share a wire meet each other and themselves: that is where they may differ."""
    return a is b or not (a.like or b.like) or a.like == b.name or b.like == a.name


PAIRS = pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(a, b, id=f"{a.name}-{b.name}")
        for a, b in product(WIRE_ROWS, repeat=2)
        if paired(a, b)
    ],
)
EACH = pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in WIRE_ROWS])
STREAMED = pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])


@tool(inline=True)
def look(place: str) -> list[str | ImagePart]:
    """Look somewhere."""
    return [f"a cat in {place}", ImagePart.from_bytes(PNG)]


@tool(inline=True)
def feed(animal: str) -> str:
    """Feed an animal."""
    raise ValueError(f"the {animal} is asleep")


def turns(row, *more):
    def thought(number):
        if not row.keeps_thinking:
            return {}
        return {"thinking": f"hm {number}", "signature": f"{SIGNATURE}{number}"}

    return [
        Turn.calls(
            ("look", {"place": "Zürich"}), ("feed", {"animal": "cat"}), content="So.", **thought(1)
        ),
        Turn.calls(("look", {"place": "Bern"}), **thought(2)),
        Turn.text("Two cats.", **thought(3)),
        *more,
    ]


async def ask(row, server, text, history=(), *, streaming=False):
    """One user turn with both tools; the messages of the conversation afterwards."""
    agent = Agent(row.model(server), tools=[look, feed], max_steps=6)
    kept = load_messages(dump_messages(history))
    if streaming:
        async with agent.stream(text, history=kept) as run:
            async for _ in run:
                pass
            return (await run.result()).messages
    return (await agent.run(text, history=kept)).messages


def filler(count):
    """Turns a server does not get to: the history holds as many answers of another one."""
    return [Turn.text("never sent")] * count


def answers(messages):
    return sum(message.role is Role.ASSISTANT for message in messages)


@PAIRS
@STREAMED
async def test_a_transcript_continues_on_another_wire_and_comes_back(first, second, streaming):
    async with first.server(turns(first, Turn.text("x"), Turn.text("home")), require_key=KEY) as a:
        made = await ask(first, a, "look around", streaming=streaming)
        script = [*filler(answers(made)), Turn.calls(("look", {"place": "Chur"})), Turn.text("3.")]
        if first.name == second.name:
            script = [*turns(first), *script[3:]]  # the vendor knows what it has signed
        async with second.server(script, require_key=KEY) as b:
            grown = await ask(second, b, "and now?", made, streaming=streaming)
            said = b.requests[0].body.decode()
        assert grown[-1].text == "3."
        for text in ("look around", "a cat in Z", "the cat is asleep", "Two cats.", "and now?"):
            assert text in said
        assert (SIGNATURE in said) is (first.keeps_thinking and first.name == second.name)
        assert base64.b64encode(PNG).decode() in said

        a.turns = (*turns(first), *filler(answers(grown) - 3), Turn.text("home"))
        back = await ask(first, a, "and back?", grown)
        assert back[-1].text == "home"
        returned = a.requests[-1].body.decode()
        assert (SIGNATURE in returned) is first.keeps_thinking
        assert "a cat in Chur" in returned


@EACH
async def test_calls_left_without_results_are_repaired(row):
    calls = [ToolCallPart(id=f"c{n}", name="look", arguments='{"place":"x"}') for n in (1, 2)]
    history = [
        user("look"),
        Message(role=Role.ASSISTANT, parts=tuple(calls)),
        tool_result(calls[1], "a dog"),
        user("never mind"),
    ]
    async with row.server([*filler(1), Turn.text("fine")], require_key=KEY) as server:
        assert (await ask(row, server, "go on", history))[-1].text == "fine"
        assert "a dog" in server.requests[0].body.decode()


@EACH
async def test_ids_of_any_form_are_taken(row):
    ids = ["functions.look:0", "é / ü" * 30, "", "x" * 200]
    history = [user("look")]
    for number, id_ in enumerate(ids):
        call = ToolCallPart(id=id_, name="look", arguments='{"place":"x"}')
        history += [
            Message(role=Role.ASSISTANT, parts=(call,)),
            tool_result(call, f"answer {number}"),
        ]
    async with row.server([*filler(4), Turn.text("fine")], require_key=KEY) as server:
        assert (await ask(row, server, "go on", history))[-1].text == "fine"
        said = server.requests[0].body.decode()
    assert all(f"answer {number}" in said for number in range(4))


@EACH
async def test_arguments_that_are_no_json_object_can_be_replayed(row):
    history = [user("look")]
    for number, arguments in enumerate(['{"place": "cu', "", "null", '"text"', "[1]"]):
        call = ToolCallPart(id=f"c{number}", name="look", arguments=arguments)
        history += [
            Message(role=Role.ASSISTANT, parts=(call,)),
            tool_result(call, "bad arguments", is_error=True),
        ]
    async with row.server([*filler(5), Turn.text("fine")], require_key=KEY) as server:
        assert (await ask(row, server, "go on", history))[-1].text == "fine"
