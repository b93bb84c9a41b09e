"""One run's tools: timeouts, long results and reading on in them, secrets that stay inside."""

import base64
import json
import logging
import pickle

import anyio
import pytest

from executus import Caller, Executor, RunnableAgent, ToolRegistry
from executus.registry import (
    EnvironmentSecrets,
    MappingSecrets,
    Overflow,
    RunTools,
    default_registry,
    own_policy,
    own_tool,
    policy,
)
from executus.registry.registeredtool import registered
from executus.testing import FakeClock
from majordomo.agent import Loop, as_tool, drive
from majordomo.errors import ToolDefinitionError
from majordomo.llm import (
    ImagePart,
    ToolCallPart,
    ToolContext,
    ToolResultPart,
    dump_messages,
    tool,
    user,
)
from majordomo.llm.outputtype import OutputType
from majordomo.providers.fake import FakeProvider, Reply

ANN = Caller(id="ann")
CANARY = 'ghp_c4n4ry"\\/+& 7f3a9e\u00e9'
FORMS = {
    CANARY,
    json.dumps(CANARY)[1:-1],
    repr(CANARY)[1:-1],
    base64.b64encode(CANARY.encode()).decode(),
}


def asked(name, **arguments):
    return ToolCallPart(id="c1", name=name, arguments=json.dumps(arguments))


def registered_alone(item):
    """A tool as a registry would have it, but for the toolset in its name."""
    made = as_tool(item)
    return registered(made.name, made, own_policy(made))


def run_tools(*items, **options):
    return RunTools(map(registered_alone, items), caller=ANN, **options)


def giving(text, **changes):
    return policy(**changes)(tool(name="give", inline=True)(lambda: text))


async def shown(text, max_result_bytes, **options):
    tools = run_tools(giving(text, max_result_bytes=max_result_bytes), **options)
    return tools, (await tools.execute(asked("give"))).text


# --- what is offered


async def test_what_is_cut_off_an_agents_own_tool_is_kept_only_where_it_says_so():
    plain = RunTools([own_tool(giving("x" * 500, max_result_bytes=256))], caller=ANN)
    assert [made.name for made in plain.tools] == ["give"]
    assert len((await plain.execute(asked("give"))).text) < 500
    keeping = giving("x" * 500, max_result_bytes=256, keep_overflow=True)
    kept = RunTools([own_tool(keeping)], caller=ANN)
    assert [made.name for made in kept.tools] == ["give", "read_more"]


def test_tools_are_offered_in_order_and_found_by_the_name_on_the_wire():
    registry = default_registry()
    tools = RunTools(registry.offer(["calc.*", "clock.*"], caller=ANN), caller=ANN)
    assert [made.name for made in tools.tools] == [
        "clock__time_now",
        "clock__time_convert",
        "calc__calculate",
    ]
    assert tools.find(" calc__calculate ").name == "calc.calculate"
    assert tools.find("calc.calculate") is None


@pytest.mark.parametrize(
    ("keep_overflow", "max_bytes", "offered"),
    [(True, 1000, True), (False, 1000, False), (True, 0, False), (True, 300, False)],
)
async def test_reading_on_is_offered_from_the_start_and_only_if_it_can_be_needed(
    keep_overflow, max_bytes, offered
):
    give = giving("x" * 1000, keep_overflow=keep_overflow, max_result_bytes=300)
    tools = run_tools(give, overflow=Overflow(max_bytes))
    before = tools.tools
    assert [made.name for made in before] == ["give", "read_more"][: 1 + offered]
    text = (await tools.execute(asked("give"))).text
    assert tools.tools == before
    assert ("read_more(" in text) is offered
    assert ("the rest is not kept: ask for less" in text) is not offered
    assert len(text.encode()) <= 300


async def test_the_reader_gives_way_to_a_hosts_tool_of_its_name():
    read_more = tool(name="read_more", inline=True)(lambda: "y" * 1000)
    give = policy(max_result_bytes=300)(read_more)
    tools = run_tools(give)
    assert [made.name for made in tools.tools] == ["read_more", "read_more_"]
    text = (await tools.execute(asked("read_more"))).text
    assert 'read_more_(ref="r1", offset=100)' in text
    text = (await tools.execute(asked("read_more_", ref="r1", offset=990))).text
    assert text == "y" * 10


def test_two_tools_of_one_name_are_refused():
    with pytest.raises(ToolDefinitionError, match="two tools are named 'give'"):
        run_tools(giving("a"), giving("b"))


async def test_a_tool_that_is_not_offered_is_answered_as_unknown():
    result = await run_tools(giving("x")).execute(asked("gone"))
    assert result.is_error
    assert result.text == "there is no tool named 'gone'; available: give, read_more"


# --- time


async def test_a_call_ends_with_its_policys_time():
    clock = FakeClock()

    @policy(timeout_s=7)
    @tool(timeout_s=99)
    async def stall() -> None:
        """Stall."""
        clock.advance(7)
        await anyio.sleep_forever()

    result = await run_tools(stall, clock=clock).execute(asked("stall"))
    assert (result.is_error, result.text) == (True, "stall gave no answer within 7 s")


async def test_cancellation_passes_through():
    @tool
    async def stall() -> None:
        """Stall."""
        await anyio.sleep_forever()

    with anyio.CancelScope() as scope:
        scope.cancel()
        await run_tools(stall).execute(asked("stall"))
        pytest.fail("a cancelled call has no result")
    assert scope.cancelled_caught


# --- size


LINES = "".join(f"line {number:04}\n" for number in range(200))


@pytest.mark.parametrize(
    ("text", "cut_at"),
    [
        ("x" * 300, None),
        ("x" * 301, 100),
        ("é" * 150, None),
        ("é" * 151, 50),
        ("🔑" * 76, 25),
        ("\ud800" * 301, 100),
        ("x" * 80 + "\n" + "y" * 400, 81),
        ("x" * 80 + " " + "y" * 400, 81),
        ("x" * 70 + "\n" + "y" * 400, 100),
        ("x" * 80 + "\n" + "y" * 10 + " " + "z" * 400, 81),
    ],
)
async def test_a_long_result_is_cut_at_a_sensible_place(text, cut_at):
    _, result = await shown(text, 300)
    if cut_at is None:
        assert result == text
    else:
        assert result == text[:cut_at] + (
            f"\n[cut here, at character {cut_at} of {len(text)}; "
            f'go on with read_more(ref="r1", offset={cut_at})]'
        )
        assert len(result.encode("utf-8", "replace")) <= 300


async def test_reading_on_gives_all_of_it_in_the_end():
    whole = LINES * 100 + "é" * 70_000
    tools, text = await shown(whole, 1000)
    got, pages = "", 0
    while "[cut here" in text:
        head, _, note = text.rpartition("\n[cut here, at character ")
        got += head
        assert len(got) == int(note.split(" ")[0])
        text = (await tools.execute(asked("read_more", ref="r1", offset=len(got)))).text
        assert len(text.encode()) <= 64 * 1024
        pages += 1
    assert got + text == whole
    assert pages == 6


@pytest.mark.parametrize(
    ("ref", "offset", "message"),
    [
        ("r2", 0, "nothing is kept under 'r2'"),
        ("r1", 2000, "offset must be 0 to 1999 for 'r1', not 2000"),
        ("r1", -1, "offset must be 0 to 1999"),
        ("r1", "x", "offset: Input should be a valid integer"),
    ],
)
async def test_reading_what_is_not_there_says_what_to_change(ref, offset, message):
    tools, _ = await shown("x" * 2000, 300)
    result = await tools.execute(asked("read_more", ref=ref, offset=offset))
    assert result.is_error
    assert message in result.text


def test_the_oldest_make_room_and_no_text_is_larger_than_the_store():
    store = Overflow(1000)
    refs = [store.put(letter * 400) for letter in "abc"]
    assert (refs, store.held_bytes) == (["r1", "r2", "r3"], 800)
    with pytest.raises(ValueError, match="nothing is kept under 'r1'"):
        store.read("r1", 0)
    assert store.read(" r2 ", 399) == "b"
    ref = store.put("é" * 5000)
    assert store.held_bytes == 1000
    assert store.read(ref, 0) == "é" * 500 + (
        "\n[cut here, at character 500 of 5000; "
        "the rest is not kept: ask for less, or for a later part]"
    )


@pytest.mark.parametrize("kept", [64 * 1024 - 300, 64 * 1024 - 100, 64 * 1024, 64 * 1024 + 1])
async def test_reading_the_kept_beginning_of_a_longer_text_ends_with_a_word_on_the_rest(kept):
    tools, text = await shown("x" * 200_000, 300, overflow=Overflow(kept))
    got = 100
    while "go on with" in text:
        text = (await tools.execute(asked("read_more", ref="r1", offset=got))).text
        got += text.count("x")
        assert len(text.encode()) <= 64 * 1024
    assert got == kept
    assert "the rest is not kept" in text


async def test_images_and_errors_keep_what_they_are_when_a_text_is_cut():
    picture = ImagePart(data=b"x", mime="image/png")
    answer = ToolResultPart(call_id="", name="", text=LINES, images=(picture,), is_error=True)
    tools = run_tools(policy(max_result_bytes=300)(giving(answer)))
    result = await tools.execute(asked("give"))
    assert (result.images, result.is_error, result.call_id) == ((picture,), True, "c1")
    assert "[cut here" in result.text


# --- secrets


@policy(secrets=("key",))
@tool
async def leak(ctx: ToolContext, how: str = "") -> object:
    """Do all a tool can do wrong with a secret."""
    value = ctx.secrets["key"]
    match how:
        case "json":
            return {"key": value, "all": [repr(ctx.secrets), repr(ctx)]}
        case "raise":
            raise ValueError(f"401 for {value!r}")
        case "cause":
            try:
                raise KeyError(value)
            except KeyError as error:
                raise RuntimeError("refused") from error
        case "basic":
            return "Authorization: Basic " + base64.b64encode(f"me:{value}".encode()).decode()
        case "edge":  # the cap would cut it in two
            return "x" * (64 * 1024 - 210) + value + "y" * 100_000
        case "length":
            return f"{len(value)}"
        case _:
            return value


@tool
async def innocent(text: str) -> str:
    """Say something that another tool has left behind."""
    return f"found {text}"


class PerCaller:
    """A host's own source."""

    def __init__(self):
        self.asked = []

    async def get(self, name, caller):
        self.asked.append((name, caller.id))
        return f"{caller.id}-{CANARY}"


@pytest.mark.parametrize("how", ["json", "raise", "cause", "basic", "edge", "length", ""])
async def test_a_secret_reaches_the_tool_and_nothing_else(how, caplog):
    caplog.set_level(logging.DEBUG)
    source = MappingSecrets({"key": CANARY})
    tools = run_tools(leak, innocent, secrets=source)
    results = [
        await tools.execute(asked("leak", how=how)),
        await tools.execute(asked("innocent", text=f"a {CANARY} in a file")),
    ]
    if "read_more" in results[0].text:
        results += [
            await tools.execute(asked("read_more", ref="r1", offset=offset))
            for offset in (0, 64 * 1024 - 220)
        ]
    assert how != "length" or results[0].text == str(len(CANARY))
    told = [repr(results), caplog.text, repr(tools), repr(source), repr(vars(tools))]
    told += [result.text for result in results]
    told += [pickle.dumps(results).decode("latin-1"), pickle.dumps(results, 0).decode("latin-1")]
    for form in FORMS:
        assert not [text for text in told if form in text]
    assert "7f3a9e" not in "".join(told)
    assert results[1].text == "found a [secret key] in a file"


async def test_nothing_that_holds_a_secret_is_pickled():
    tools = run_tools(leak, secrets=MappingSecrets({"key": CANARY}))
    await tools.execute(asked("leak"))
    for holder in (MappingSecrets({"key": CANARY}), tools):
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)) as caught:
            pickle.dumps(holder)
        assert CANARY not in str(caught.value)


async def test_a_hosts_own_source_is_asked_for_the_caller_at_every_call():
    source = PerCaller()
    tools = run_tools(leak, secrets=source)
    results = [await tools.execute(asked("leak")) for _ in range(2)]
    assert source.asked == [("key", "ann")] * 2
    assert [result.text for result in results] == ["[secret key]"] * 2


async def test_a_tool_without_secrets_costs_the_source_nothing():
    source = PerCaller()
    result = await run_tools(innocent, secrets=source).execute(asked("innocent", text="x"))
    assert (result.text, source.asked) == ("found x", [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs the secret 'key', which is not set: the host must give the executor a source"),
        (
            {"secrets": EnvironmentSecrets(environ={"EXECUTUS_SECRET_KEY": ""})},
            "the host must set the variable EXECUTUS_SECRET_KEY",
        ),
        ({"secrets": MappingSecrets({"x": "y"})}, "the host must add 'key' to its MappingSecrets"),
        ({"secrets": MappingSecrets({"key": "a b\nc"})}, "too short to be kept secret"),
    ],
)
async def test_a_missing_secret_is_named_with_what_to_do(options, message):
    called = []
    spy = policy(secrets=("key",))(tool(name="leak", inline=True)(lambda: called.append(1)))
    result = await run_tools(spy, **options).execute(asked("leak"))
    assert (result.is_error, called) == (True, [])
    assert message in result.text


async def test_a_hosts_source_without_hints_gives_a_plain_sentence():
    class Empty:
        async def get(self, name, caller):
            return None

    result = await run_tools(leak, secrets=Empty()).execute(asked("leak"))
    assert result.text == "leak needs the secret 'key', which is not set: the host must provide it"


async def test_a_source_that_fails_tells_its_type_only(caplog):
    class Broken:
        async def get(self, name, caller):
            raise ValueError(f"cannot decode {CANARY}")

    result = await run_tools(leak, secrets=Broken()).execute(asked("leak"))
    assert result.text.endswith("source of the secret 'key' failed (ValueError)")
    assert "source of the secret 'key' failed (ValueError)" in caplog.text
    assert "7f3a9e" not in result.text + caplog.text


async def test_a_source_that_hangs_is_left():
    clock = FakeClock()

    class Hangs:
        async def get(self, name, caller):
            clock.advance(2)
            await anyio.sleep_forever()

    result = await run_tools(leak, secrets=Hangs(), clock=clock).execute(asked("leak"))
    assert result.is_error
    assert result.text.endswith("did not answer within 2 s")


async def test_variables_are_named_after_the_secret(monkeypatch):
    monkeypatch.setenv("HOST_GITHUB_TOKEN", CANARY)
    source = EnvironmentSecrets(prefix="HOST_")
    assert await source.get("github-token", ANN) == CANARY
    assert source.how_to_set("github.token") == "set the variable HOST_GITHUB_TOKEN"
    assert repr(source) == "EnvironmentSecrets(prefix='HOST_')"


# --- a run


async def test_a_run_uses_registered_tools_with_policies_and_own_ones():
    registry = default_registry()
    registry.add("text", [innocent])
    agent = RunnableAgent(model="fake", tools=["calc.*", "text.*", innocent])
    result = await Executor(registry=registry).run(agent, "what is 6*7?")
    assert (result.ok, result.output) == (True, "42")


async def test_a_loop_calls_tools_through_them():
    """What a kernel builds on: the loop executes through `RunTools`, and no secret gets in."""
    registry = ToolRegistry()
    registry.add("safe", [leak])
    tools = RunTools(
        registry.offer(["safe.*"], caller=ANN),
        caller=ANN,
        secrets=MappingSecrets({"key": CANARY}),
    )
    provider = FakeProvider()
    provider.enqueue(
        "m",
        Reply(calls=(("safe__leak", {"how": "raise"}), ("safe__gone", {}))),
        Reply(text="done"),
    )
    loop = Loop(
        model=provider.model("m"),
        messages=[user("go")],
        output=OutputType(str),
        execute=tools.execute,
        tools=tools.tools,
    )
    result = await drive(loop)
    assert result.output == "done"
    assert "safe__leak failed: ValueError: 401 for " in result.messages[2].parts[0].text
    assert "there is no tool named 'safe__gone'" in result.messages[2].parts[1].text
    assert "7f3a9e" not in dump_messages(result.messages) + repr(result)
