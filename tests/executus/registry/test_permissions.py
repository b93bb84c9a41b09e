"""Who sees what, and what a call gives: caller by grant by deny by call-time decision."""

import threading

import anyio
import pytest

from executus import Caller, SetupError, ToolRegistry
from executus.registry import (
    ALLOW,
    ALLOW_GRANTED,
    ROLES,
    Allow,
    Ask,
    AskFor,
    CallRequest,
    Deny,
    Effect,
    PermissionStage,
    Rule,
    Rules,
    RunTools,
    all_of,
    decide_call,
    denied_result,
    own_tool,
    policy,
)
from executus.testing import FakeClock
from majordomo.llm import ToolCallPart, tool

ANN = Caller(id="ann", roles=frozenset({"admin"}))
BOB = Caller(id="bob")


@policy(effect="read")
@tool(inline=True)
def fetch(url: str = "") -> str:
    """Fetch."""
    return f"page {url}"


@tool(inline=True)
def post(url: str = "") -> str:
    """Post."""
    return f"posted {url}"


@policy(effect=Effect.EXTERNAL, roles={"admin", "owner"})
@tool(inline=True)
def wipe() -> str:
    """Wipe."""
    return "wiped"


def registry():
    made = ToolRegistry()
    made.add("web", [fetch, post])
    made.add("disk", [wipe])
    return made


def asked(name, arguments="{}"):
    return ToolCallPart(id="c1", name=name, arguments=arguments)


def offered(grants, deny, caller):
    entries = registry().offer(grants, deny=deny, caller=caller)
    return " ".join(entry.tool.name for entry in entries)


@pytest.mark.parametrize(
    ("grants", "deny", "ann_sees", "bob_sees"),
    [
        ([], [], "", ""),
        (["*"], [], "web__fetch web__post disk__wipe", "web__fetch web__post"),
        (["disk.*", "web.*"], [], "web__fetch web__post disk__wipe", "web__fetch web__post"),
        (["web.*"], [], "web__fetch web__post", "web__fetch web__post"),
        (["web.*"], ["web.post"], "web__fetch", "web__fetch"),
        (["web.fetch", "disk.wipe"], [], "web__fetch disk__wipe", "web__fetch"),
        (["*"], ["*"], "", ""),
        (["*"], ["disk.*", "*.fetch"], "web__post", "web__post"),
        (["disk.wipe"], [], "disk__wipe", ""),
    ],
)
def test_who_is_offered_what(grants, deny, ann_sees, bob_sees):
    assert offered(grants, deny, ANN) == ann_sees
    assert offered(grants, deny, BOB) == bob_sees


UNKNOWN = "there is no tool named '{}'; available: web__fetch"
NOT_GRANTED = "{} is not available to you: this agent was not granted it. Use the tools"
EXCLUDED = "{} is not available to you: this agent's deny list excludes it (web.po*). Use the"
REFUSED = "{} was not executed: not there. Do not repeat this call as it is"
RULES = Rules([Rule(decision=Deny("not there"), when=lambda args: "evil" in args.get("url", ""))])


async def outcome(call, caller, *, grants=("web.fetch", "disk.*"), deny=(), rules=RULES):
    """What a kernel does with a call: find, decide, execute."""
    known = registry()
    granted = known.offer(grants, deny=deny, caller=caller)
    tools = RunTools(
        granted,
        caller=caller,
        why_not=lambda name: known.why_not(name, grants, deny=deny, caller=caller),
    )
    entry = tools.find(call.name)
    if entry is not None:
        request = CallRequest(run_id="r", agent="a", caller=caller, tool=entry, call=call)
        decision = await decide_call(rules, request)
        if isinstance(decision, Deny):
            return denied_result(call, decision.reason, PermissionStage.CALL)
        if isinstance(decision, Ask):
            return decision
    return await tools.execute(call)


@pytest.mark.parametrize(
    ("caller", "name", "arguments", "expected"),
    [
        (ANN, "web__fetch", '{"url": "good"}', "page good"),
        (BOB, "web__fetch", '{"url": "good"}', "page good"),
        (BOB, "web__fetch", '{"url": "evil"}', REFUSED),
        (BOB, "web__fetch", '{"url": "good", "url": "evil"}', REFUSED),
        (BOB, "web__fetch", "[]", "{} was not executed: its arguments are not a JSON object."),
        (BOB, "web__fetch", '{"url', "{} was not executed: its arguments are not valid JSON."),
        (BOB, "web__fetch", '{"url": 5}', "{} was not executed: the host's rules for calls failed"),
        (ANN, "disk__wipe", "", "wiped"),
        (BOB, "disk__wipe", "{}", UNKNOWN),
        (BOB, "disk__wope", "{}", UNKNOWN),
        (ANN, "web__post", "{}", NOT_GRANTED),
        (BOB, "web__post", "{}", NOT_GRANTED),
        (BOB, "web.post", "{}", NOT_GRANTED),
        (ANN, "web__nothing", "{}", "there is no tool named '{}'; available: web__fetch, disk"),
    ],
)
async def test_what_a_call_gives(caller, name, arguments, expected):
    result = await outcome(asked(name, arguments), caller)
    assert result.text.startswith(expected.format(name)), result.text
    assert result.is_error is (expected[0] in "{t")
    assert (result.call_id, result.name) == ("c1", name)


async def test_a_denied_tool_is_told_apart_from_one_not_granted():
    result = await outcome(asked("web__post"), BOB, grants=["web.*"], deny=["web.po*"])
    assert result.text.startswith(EXCLUDED.format("web__post"))


async def test_a_tool_the_caller_may_not_know_of_answers_like_none():
    """With grant or without, word for word but for the name."""
    for grants in (["web.fetch", "disk.*"], ["web.fetch"]):
        hidden = await outcome(asked("disk__wipe"), BOB, grants=grants)
        nothing = await outcome(asked("disk__wope"), BOB, grants=grants)
        assert hidden.text.replace("wipe", "wope") == nothing.text
    shown = denied_result(asked("disk__wipe"), "caller 'bob'", PermissionStage.VISIBILITY).text
    assert "bob" not in shown


@pytest.mark.parametrize(
    ("name", "caller", "grants", "deny", "stage", "reason"),
    [
        ("web.fetch", BOB, ["web.*"], [], None, ""),
        ("web__fetch", BOB, ["web.*"], [], None, ""),
        ("web.nothing", BOB, ["web.*"], [], None, ""),
        ("web.post", BOB, ["web.fetch"], [], "grant", "this agent was not granted it"),
        ("web.post", BOB, ["*"], ["web.p*"], "grant", "deny list excludes it (web.p*)"),
        ("disk.wipe", BOB, ["*"], [], "visibility", "may not see it (roles: admin, owner)"),
        ("disk__wipe", BOB, [], ["*"], "visibility", "caller 'bob' may not see it"),
        ("disk.wipe", ANN, ["*"], [], None, ""),
        ("disk.wipe", ANN, ["gone.*"], [], "grant", "not granted"),
    ],
)
def test_a_denial_says_which_stage_and_why(name, caller, grants, deny, stage, reason):
    denial = registry().why_not(name, grants, deny=deny, caller=caller)
    if stage is None:
        assert denial is None
    else:
        assert denial.stage == stage
        assert reason in denial.reason
        assert denial.name == name.replace("__", ".")


def test_a_hosts_own_visibility_decides_instead_of_roles():
    class Lunch:
        def sees(self, caller, tool):
            return caller.id == "bob" and tool.policy.effect != "read"

    entries = registry().offer(["*"], caller=BOB, visibility=Lunch())
    assert [entry.name for entry in entries] == ["web.post", "disk.wipe"]
    assert registry().offer(["*"], caller=ANN, visibility=Lunch()) == ()
    denial = registry().why_not("web.fetch", ["*"], caller=BOB, visibility=Lunch())
    assert denial.stage is PermissionStage.VISIBILITY


def test_a_visibility_that_fails_shows_nothing(caplog):
    class Broken:
        def sees(self, caller, tool):
            raise RuntimeError("down")

    assert registry().offer(["*"], caller=ANN, visibility=Broken()) == ()
    assert "visibility failed on web.fetch" in caplog.text


@pytest.mark.parametrize("patterns", [["web.ftech"], ["wbe.*"], "web.*"])
def test_a_typing_error_in_a_grant_or_a_denial_is_refused(patterns):
    with pytest.raises(SetupError):
        registry().offer(patterns, caller=ANN)
    with pytest.raises(SetupError):
        registry().offer(["*"], deny=patterns, caller=ANN)


def request(entry, arguments="{}", caller=BOB):
    return CallRequest(
        run_id="r", agent="a", caller=caller, tool=entry, call=asked(entry.tool.name, arguments)
    )


FETCH, POST, WIPE = (registry().find(name) for name in ("web.fetch", "web.post", "disk.wipe"))


class Says:
    """A host's own policy."""

    def __init__(self, decision):
        self.decision, self.asked = decision, []

    async def decide(self, request):
        self.asked.append(request)
        return self.decision


ADMINS = Rules(
    [
        Rule(decision=ALLOW, roles={"admin"}),
        Rule(decision=Ask("sure?"), effects=["external"]),
        Rule(decision=Deny("posting is off"), tools=["*.post"]),
        Rule(decision=Deny("too far"), tools=["web.*"], when=lambda args: args.get("n", 0) > 5),
    ]
)


@pytest.mark.parametrize(
    ("rules", "entry", "arguments", "caller", "expected"),
    [
        (ALLOW_GRANTED, WIPE, "{", BOB, Allow()),
        (ADMINS, WIPE, "", ANN, Allow()),
        (ADMINS, WIPE, "", BOB, Ask("sure?")),
        (ADMINS, POST, "", BOB, Deny("posting is off")),
        (ADMINS, FETCH, '{"n": 5}', BOB, Allow()),
        (ADMINS, FETCH, '{"n": 6}', BOB, Deny("too far")),
        (ADMINS, FETCH, "nonsense", BOB, Deny("its arguments are not valid JSON")),
        (ADMINS, FETCH, "nonsense", ANN, Allow()),
        (Rules([], otherwise=Deny("closed")), FETCH, "", ANN, Deny("closed")),
        (Rules([]), FETCH, "", ANN, Allow()),
        (AskFor(effects=["external"]), FETCH, "", BOB, Allow()),
        (AskFor(tools=["web.f*"]), POST, "", BOB, Allow()),
        (all_of(), FETCH, "", BOB, Allow()),
        (all_of(ALLOW_GRANTED, Says(Ask("1")), Says(Ask("2"))), FETCH, "", BOB, Ask("1\n2")),
        (all_of(Says(Ask("1")), Says(Deny("no")), Says(Ask("2"))), FETCH, "", BOB, Deny("no")),
        (all_of(Says(Ask("1")), ALLOW_GRANTED, Says(Ask("1"))), FETCH, "", BOB, Ask("1")),
    ],
)
async def test_what_policies_decide(rules, entry, arguments, caller, expected):
    assert await decide_call(rules, request(entry, arguments, caller)) == expected


@pytest.mark.parametrize(
    ("asker", "entry"),
    [(AskFor(effects={Effect.EXTERNAL}), WIPE), (AskFor(tools=["disk.*"]), WIPE)],
)
async def test_a_question_names_the_call(asker, entry):
    decision = await asker.decide(request(entry, '{"n": 1}'))
    assert decision == Ask('May a call disk.wipe (external) with {"n": 1}?')


async def test_a_question_shows_no_control_codes_and_says_what_it_leaves_out():
    decision = await AskFor(tools=["*"]).decide(request(WIPE, "\x1b[2J\u202e" + "x" * 600))
    assert "\x1b" not in decision.question
    assert "\u202e" not in decision.question
    assert "… (105 more characters)?" in decision.question


class Raises:
    async def decide(self, request):
        raise RuntimeError("the rule book burned")


class Hangs:
    def __init__(self, clock):
        self.clock = clock

    async def decide(self, request):
        self.clock.advance(2)
        await anyio.sleep_forever()


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda _: Raises(), "the host's rules for calls failed"),
        (lambda _: Says(None), ""),
        (lambda _: Says(True), ""),
        (Hangs, "no decision within 2 s"),
        (lambda _: Rules([Rule(decision=ALLOW, when=lambda args: args["n"])]), "failed"),
    ],
)
async def test_a_policy_that_fails_denies(make, reason, wrapped, caplog):
    clock = FakeClock()
    broken = make(clock)
    rules = all_of(ALLOW_GRANTED, broken) if wrapped else broken
    decision = await decide_call(rules, request(FETCH), clock=clock)
    assert isinstance(decision, Deny)
    assert reason in decision.reason
    assert "burned" not in decision.reason
    assert "web.fetch" in caplog.text


async def test_cancellation_passes_through_a_policy():
    with anyio.CancelScope() as scope:
        scope.cancel()
        await decide_call(Hangs(FakeClock()), request(FETCH), timeout_s=1000)
        pytest.fail("a cancelled decision is none")
    assert scope.cancelled_caught


@pytest.mark.parametrize(
    "make",
    [
        AskFor,
        lambda: AskFor(tools="web.*"),
        lambda: AskFor(effects=["wirte"]),
        lambda: Rule(decision=ALLOW, tools="web.*"),
        lambda: Rule(decision=ALLOW, roles="admin"),
        lambda: Rule(decision=ALLOW, effects=["reed"]),
    ],
)
def test_rules_that_cannot_mean_what_they_say_are_refused(make):
    with pytest.raises(SetupError):
        make()


def test_an_agents_own_tool_keeps_its_name_and_declares_the_worse():
    entry = own_tool(post)
    assert (entry.name, entry.tool.name, entry.toolset) == ("post", "post", "")
    assert entry.policy.effect is Effect.WRITE
    assert ROLES.sees(BOB, entry)


def test_reading_while_toolsets_are_replaced_sees_whole_states():
    known = registry()

    def named(name):
        return tool(name=name, inline=True)(lambda: name)

    generations = [[named(f"g{g}_{i}") for i in range(5)] for g in range(2)]
    known.set_toolset("mcp", generations[0])
    stop, wrong = threading.Event(), []

    def read():
        while not stop.is_set():
            names = [entry.name for entry in known.offer(["mcp.*", "web.*"], caller=BOB)]
            if names[:2] != ["web.fetch", "web.post"] or len({n[:6] for n in names[2:]}) != 1:
                wrong.append(names)
            if len(names) != 7 or known.find("web.fetch") is None:
                wrong.append(names)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(400):
        known.set_toolset("mcp", generations[turn % 2])
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_writers_lose_nothing_of_each_other():
    known = ToolRegistry()

    def write(number):
        for turn in range(50):
            known.set_toolset(f"t{number}", [fetch])
            known.add(f"u{number}_{turn}", [post])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(known.names) == 4 * 51
