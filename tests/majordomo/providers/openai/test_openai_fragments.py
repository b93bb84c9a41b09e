import json

import pytest

from majordomo.llm.fragments import Fragments
from majordomo.llm.message import (
    ProviderState,
    assistant,
    tool_result,
    user,
)
from majordomo.llm.parts import ImagePart, ToolCallPart
from majordomo.llm.request import Request
from majordomo.llm.response import Target
from majordomo.llm.tool import Tool
from majordomo.providers.openai import Dialect, OpenAIWire
from majordomo.providers.openai import messages as messages_module

TARGET = Target("openai", "m")
PNG = ImagePart(data=b"\x89PNG", mime="image/png")
CALL_A = ToolCallPart(id="call_A", name="lookup", arguments='{"q":"x"}')
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


async def never(_arguments, _context):
    raise AssertionError


LOOKUP = Tool(name="lookup", description="Looks up.", parameters=SCHEMA, invoke=never)
CLOCK = Tool(name="clock", description="", parameters={"type": "object"}, invoke=never)


def encode(*messages, dialect=Dialect(), target=TARGET, streaming=False, **fields):
    request = Request(messages=messages or (user("hi"),), **fields)
    call = OpenAIWire(dialect).encode(request, target, streaming=streaming)
    assert call.path == "/chat/completions"
    return json.loads(call.body.decode("utf-8"), parse_constant=pytest.fail)


def sent(*messages, **options):
    return encode(*messages, **options)["messages"]


def calls_json(*calls):
    return [
        {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
        for id_, name, arguments in calls
    ]


[A_JSON] = calls_json(("call_A", "lookup", '{"q":"x"}'))


def state(data, wire="openai", provider="openai", model="m"):
    return ProviderState(wire=wire, provider=provider, model=model, data=json.dumps(data))


FIELDS = {
    "reasoning_content": "hm",
    "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "s"}],
    "reasoning": "hm hm",
    "tool_calls": {"call_A": {"google": {"thought_signature": "sig"}}},
}


def test_provider_state_goes_back_where_it_came_from():
    first = sent(assistant(CALL_A, state=state(FIELDS)), tool_result(CALL_A, "1"))[0]
    assert first == {
        "role": "assistant",
        "content": None,
        "reasoning_content": "hm",
        "reasoning_details": FIELDS["reasoning_details"],
        "tool_calls": [{**A_JSON, "extra_content": {"google": {"thought_signature": "sig"}}}],
    }


def test_the_dialect_says_which_reasoning_fields_go_back():
    message = assistant("x", state=state({**FIELDS, "thinking": "deep"}))
    assert sent(message, dialect=Dialect(replay=())) == [{"role": "assistant", "content": "x"}]
    assert sent(message, dialect=Dialect(replay=("reasoning", "thinking"))) == [
        {
            "role": "assistant",
            "reasoning": "hm hm",
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "deep"}]},
                {"type": "text", "text": "x"},
            ],
        }
    ]


@pytest.mark.parametrize(
    "foreign",
    [
        state(FIELDS, wire="anthropic"),
        state(FIELDS, provider="groq"),
        state(FIELDS, model="other"),
        ProviderState(wire="openai", provider="openai", model="m", data="{broken"),
        ProviderState(wire="openai", provider="openai", model="m", data="[]"),
        None,
    ],
)
def test_provider_state_goes_nowhere_else(foreign):
    first = sent(assistant(CALL_A, state=foreign), tool_result(CALL_A, "1"))[0]
    assert first == {"role": "assistant", "content": None, "tool_calls": [A_JSON]}


@pytest.fixture
def encoded(monkeypatch):
    """Messages encoded, in order."""
    seen = []
    real = messages_module._encode

    def count(message, dialect, target):
        seen.append(message)
        return real(message, dialect, target)

    monkeypatch.setattr(messages_module, "_encode", count)
    return seen


HISTORY = (
    user("hi", PNG),
    assistant("x", CALL_A),
    tool_result(CALL_A, "1", PNG),
    assistant("y", state=state(FIELDS)),
)


def test_a_message_is_encoded_once_in_a_run(encoded):
    fragments = Fragments()
    first = sent(*HISTORY, fragments=fragments)
    assert encoded == list(HISTORY)
    more = user("more")
    assert sent(*HISTORY, more, fragments=fragments) == [
        *first,
        {"role": "user", "content": "more"},
    ]
    assert encoded == [*HISTORY, more]


def test_memory_does_not_change_what_is_sent():
    fragments = Fragments()
    for dialect in (Dialect(), Dialect(null_content=False), Dialect(vision=None, replay=())):
        for target in (TARGET, Target("groq", "m"), Target("openai", "n")):
            options = {"dialect": dialect, "target": target}
            kept = [sent(*HISTORY, fragments=fragments, **options) for _ in range(2)]
            assert kept == [sent(*HISTORY, **options)] * 2


@pytest.mark.parametrize(
    "other",
    [
        {"dialect": Dialect(null_content=False)},
        {"target": Target("openai", "n")},
        {"target": Target("groq", "m")},
    ],
)
def test_another_dialect_or_target_does_not_share_fragments(encoded, other):
    fragments = Fragments()
    sent(*HISTORY, fragments=fragments)
    sent(*HISTORY, fragments=fragments, **other)
    assert encoded == [*HISTORY, *HISTORY]


def test_equal_dialects_share_fragments(encoded):
    fragments = Fragments()
    sent(*HISTORY, fragments=fragments, dialect=Dialect(legacy_max_tokens=True))
    sent(*HISTORY, fragments=fragments, dialect=Dialect(legacy_max_tokens=True))
    assert len(encoded) == len(HISTORY)


def test_much_media_is_not_held_a_second_time(encoded):
    fragments = Fragments()
    big = user(ImagePart(data=b"\x89PNG" * 300_000, mime="image/png"))
    long = user("x" * 2_000_000)
    sent(big, long, fragments=fragments)
    sent(long, big, fragments=fragments)
    assert encoded == [big, long, big]


def test_a_tool_is_encoded_once_in_a_run(monkeypatch):
    from majordomo.providers.openai import encode as encode_module

    seen = []
    real = encode_module._tool
    monkeypatch.setattr(encode_module, "_tool", lambda *a: (seen.append(a[0]), real(*a))[1])
    fragments = Fragments()
    bodies = [encode(tools=(LOOKUP, CLOCK), fragments=fragments) for _ in range(2)]
    assert bodies[0] == bodies[1] == encode(tools=(LOOKUP, CLOCK))
    assert seen[:2] == [LOOKUP, CLOCK]
    assert len(seen) == 4


def test_tools_made_anew_for_every_request_are_not_kept_for_ever():
    from majordomo.providers.toolbytes import _EncodedTool

    fragments = Fragments()
    for _ in range(300):
        again = [Tool(name=n, description="", parameters=SCHEMA, invoke=never) for n in "abc"]
        names = [t["function"]["name"] for t in encode(tools=again, fragments=fragments)["tools"]]
        assert names == ["a", "b", "c"]
    assert len(fragments.of(("openai", "tools"), _EncodedTool)) < 600
