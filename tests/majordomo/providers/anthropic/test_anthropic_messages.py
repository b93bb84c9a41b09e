"""Conversations: content blocks, alternating turns, repaired calls, and what is kept of them."""

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.llm import (
    DocumentPart,
    Fragments,
    ImagePart,
    Message,
    OpaquePart,
    ProviderState,
    Request,
    Role,
    Target,
    TextPart,
    ThinkingPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
    assistant,
    system,
    tool_result,
    user,
)
from majordomo.providers.anthropic import AnthropicOptions, AnthropicWire

TARGET = Target("anthropic", "claude-opus-5-5")
PNG = ImagePart(data=b"\x89PNG\r\n\x1a\n", mime="image/png")
PNG_SENT = {
    "type": "image",
    "source": {
        "type": "base64",
        "media_type": "image/png",
        "data": base64.b64encode(PNG.data).decode(),
    },
}
LOST = {"is_error": True, "content": "the call was never completed"}


def call(id="c1", name="lookup", arguments='{"q":1}'):
    return ToolCallPart(id=id, name=name, arguments=arguments)


def results(*answers):
    parts = tuple(ToolResultPart(call_id=id, name="lookup", text=text) for id, text in answers)
    return Message(role=Role.TOOL, parts=parts)


def sent(*messages, target=TARGET, fragments=None):
    request = Request(messages=messages, fragments=fragments or Fragments())
    return json.loads(AnthropicWire().encode(request, target, streaming=False).body)["messages"]


def text(value):
    return {"type": "text", "text": value}


def use(id="c1", name="lookup", input=None):
    given = {"q": 1} if input is None else input
    return {"type": "tool_use", "id": id, "name": name, "input": given}


def answer(id="c1", **fields):
    return {"type": "tool_result", "tool_use_id": id, **fields}


def turn(role, *blocks):
    return {"role": role, "content": list(blocks)}


BEGIN = turn("user", text("(The conversation begins.)"))
HI = user("hi")
HI_SENT = turn("user", text("hi"))


@pytest.mark.parametrize(
    ("part", "blocks"),
    [
        (TextPart(" a "), [text(" a ")]),
        (TextPart(""), []),
        (TextPart(" \n"), []),
        (PNG, [PNG_SENT]),
        (
            DocumentPart(data=b"%PDF-", name="a.pdf"),
            [
                {
                    "type": "document",
                    "title": "a.pdf",
                    "source": {
                        "type": "base64",
                        "media_type": "application/pdf",
                        "data": "JVBERi0=",
                    },
                }
            ],
        ),
        (
            DocumentPart(data=b"hello", name="a.txt", mime="text/plain"),
            [
                {
                    "type": "document",
                    "title": "a.txt",
                    "source": {"type": "text", "media_type": "text/plain", "data": "hello"},
                }
            ],
        ),
        (ThinkingPart("hm"), []),
        (call(), []),
        (OpaquePart(provider="anthropic", kind="x", data="{}"), []),
    ],
)
def test_parts_of_a_user_s_turn(part, blocks):
    assert sent(user("hi", part)) == [turn("user", text("hi"), *blocks)]


@pytest.mark.parametrize(
    ("part", "blocks"),
    [
        (TextPart(" a"), [text(" a")]),
        (TextPart(" "), []),
        (ThinkingPart("hm"), []),
        (OpaquePart(provider="anthropic", kind="redacted_thinking", data="{}"), []),
        (OpaquePart(provider="google", kind="x", data="{}"), []),
        (PNG, [text("(a file of type image/png)")]),
        (DocumentPart(data=b"%PDF-"), [text("(a file of type application/pdf)")]),
    ],
)
def test_parts_of_a_foreign_assistant_s_turn(part, blocks):
    assert sent(HI, assistant("yes", part), HI)[1] == turn("assistant", text("yes"), *blocks)


@pytest.mark.parametrize(
    ("arguments", "input"),
    [
        ('{"q": [1, {"a": null}]}', {"q": [1, {"a": None}]}),
        ("", {}),
        ("  ", {}),
        ("[1]", {"invalid_arguments": "[1]"}),
        ('"x"', {"invalid_arguments": '"x"'}),
        ("{oops", {"invalid_arguments": "{oops"}),
        ('{"q": NaN}', {"invalid_arguments": '{"q": NaN}'}),
        ('{"q": "\\ud800"}', {"invalid_arguments": '{"q": "\\ud800"}'}),
    ],
)
def test_input_is_an_object_always(arguments, input):
    assert sent(HI, assistant(call(arguments=arguments)))[1] == turn("assistant", use(input=input))


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("lookup", "lookup"), ("a.b c/é", "a_b_c__"), ("x" * 200, "x" * 64), ("", "unnamed")],
)
def test_names_are_made_fit(name, allowed):
    assert sent(HI, assistant(call(name=name)))[1] == turn("assistant", use(name=allowed))


@pytest.mark.parametrize(
    ("result", "fields"),
    [
        ({"text": "42"}, {"content": "42"}),
        ({"text": ""}, {}),
        ({"text": " "}, {}),
        ({"text": "no", "is_error": True}, {"is_error": True, "content": "no"}),
        ({"text": " ", "is_error": True}, {"is_error": True, "content": "the tool failed"}),
        ({"text": "no", "is_error": True, "images": (PNG,)}, {"is_error": True, "content": "no"}),
        ({"text": "see", "images": (PNG, PNG)}, {"content": [text("see"), PNG_SENT, PNG_SENT]}),
        ({"images": (PNG,)}, {"content": [PNG_SENT]}),
    ],
)
def test_results(result, fields):
    part = ToolResultPart(call_id="c1", name="lookup", **result)
    message = Message(role=Role.TOOL, parts=(part,))
    assert sent(HI, assistant(call()), message)[2] == turn("user", answer(**fields))


@pytest.mark.parametrize("id", ["call:1", "functions.f:0", "", "é", "a b", "c1\n"])
def test_ids_of_others_are_mapped_the_same_for_call_and_result(id):
    first = sent(HI, assistant(call(id)), results((id, "42")))
    used, answered = first[1]["content"][0]["id"], first[2]["content"][0]["tool_use_id"]
    assert used == answered != id
    assert re.fullmatch("[a-zA-Z0-9_-]+", used)
    assert first == sent(HI, assistant(call(id)), results((id, "42")))


def test_fitting_ids_are_kept():
    assert sent(HI, assistant(call("toolu_01-A")))[1]["content"][0]["id"] == "toolu_01-A"


def test_ids_used_again_are_set_apart():
    """Some vendors number the calls of every turn from 0."""
    again = call("call_0")
    history = [
        HI,
        *[assistant(again), results(("call_0", "1"))],
        *[assistant(again, again), results(("call_0", "2")), results(("call_0", "3"))],
        *[assistant(call("functions.f:0")), results(("functions.f:0", "4"))],
        *[assistant(call("functions.f:0")), results(("functions.f:0", "5"))],
        assistant(again, again),
    ]
    turns = sent(*history)
    check_rules(turns)
    blocks = [block for turn in turns for block in turn["content"]]
    used = [block["id"] for block in blocks if block["type"] == "tool_use"]
    assert used[0] == "call_0"
    assert len(set(used)) == len(used) == 7
    assert all(re.fullmatch("[a-zA-Z0-9_-]+", id) for id in used)
    given = [block["content"] for block in blocks if block["type"] == "tool_result"]
    assert given == ["1", "2", "3", "4", "5", LOST["content"], LOST["content"]]
    fragments = Fragments()
    for length in range(1, len(history) + 1):
        # What was sent once is sent the same ever after.
        grown = sent(*history[:length], fragments=fragments)
        before = [turn for turn in grown if turn["role"] == "assistant"]
        assert before == [turn for turn in turns if turn["role"] == "assistant"][: len(before)]


A, B = call("a"), call("b")
CASES = {
    "nothing but a system text": ([system("s")], [BEGIN]),
    "nothing that can be said": ([user(" ")], [BEGIN]),
    "turns of one role are merged": (
        [user("a"), user("b"), assistant("c"), assistant("d"), user("e")],
        [
            turn("user", text("a"), text("b")),
            turn("assistant", text("c"), text("d")),
            turn("user", text("e")),
        ],
    ),
    "an empty turn in between merges its neighbours": (
        [user("a"), assistant(ThinkingPart("hm")), user("b")],
        [turn("user", text("a"), text("b"))],
    ),
    "the first turn is the user's": (
        [assistant("a"), user("b")],
        [BEGIN, turn("assistant", text("a")), turn("user", text("b"))],
    ),
    "the first turn is the user's, also for two assistant messages": (
        [assistant("a"), assistant("b")],
        [BEGIN, turn("assistant", text("a"), text("b"))],
    ),
    "results of one turn share a message": (
        [HI, assistant(A, B), results(("a", "1")), results(("b", "2"))],
        [
            HI_SENT,
            turn("assistant", use("a"), use("b")),
            turn("user", answer("a", content="1"), answer("b", content="2")),
        ],
    ),
    "results stand in the order of the calls": (
        [HI, assistant(A, B), results(("b", "2"), ("a", "1"))],
        [
            HI_SENT,
            turn("assistant", use("a"), use("b")),
            turn("user", answer("a", content="1"), answer("b", content="2")),
        ],
    ),
    "results stand before what the user said among them": (
        [HI, assistant(A, B), results(("a", "1")), user("hurry", PNG), results(("b", "2"))],
        [
            HI_SENT,
            turn("assistant", use("a"), use("b")),
            turn(
                "user",
                answer("a", content="1"),
                answer("b", content="2"),
                text("hurry"),
                PNG_SENT,
            ),
        ],
    ),
    "a message may hold results and words": (
        [
            HI,
            assistant(A),
            user("so", ToolResultPart(call_id="a", name="lookup", text="1")),
        ],
        [HI_SENT, turn("assistant", use("a")), turn("user", answer("a", content="1"), text("so"))],
    ),
    "a call nobody answered, at the end": (
        [HI, assistant(A, B), results(("b", "2"))],
        [
            HI_SENT,
            turn("assistant", use("a"), use("b")),
            turn("user", answer("a", **LOST), answer("b", content="2")),
        ],
    ),
    "a call nobody answered, before the user's words": (
        [HI, assistant(A), user("go on")],
        [HI_SENT, turn("assistant", use("a")), turn("user", answer("a", **LOST), text("go on"))],
    ),
    "a call nobody answered, before another assistant's turn": (
        [HI, assistant(A), assistant("well"), user("go on")],
        [
            HI_SENT,
            turn("assistant", use("a")),
            turn("user", answer("a", **LOST)),
            turn("assistant", text("well")),
            turn("user", text("go on")),
        ],
    ),
    "a result without its call is dropped": (
        [HI, results(("x", "1")), assistant(A), results(("a", "1"), ("x", "2")), assistant("ok")],
        [
            HI_SENT,
            turn("assistant", use("a")),
            turn("user", answer("a", content="1")),
            turn("assistant", text("ok")),
        ],
    ),
    "a result that comes a turn late is dropped": (
        [HI, assistant(A), assistant("well"), results(("a", "1")), HI],
        [
            HI_SENT,
            turn("assistant", use("a")),
            turn("user", answer("a", **LOST)),
            turn("assistant", text("well")),
            HI_SENT,
        ],
    ),
    "a result that comes before its call is dropped": (
        [HI, assistant("so"), results(("a", "early")), assistant(A), results(("a", "1"))],
        [
            HI_SENT,
            turn("assistant", text("so"), use("a")),
            turn("user", answer("a", content="1")),
        ],
    ),
    "of two results the first counts": (
        [HI, assistant(A), results(("a", "1"), ("a", "2"))],
        [HI_SENT, turn("assistant", use("a")), turn("user", answer("a", content="1"))],
    ),
    "a system message parts nothing": (
        [HI, assistant(A), system("s"), results(("a", "1"))],
        [HI_SENT, turn("assistant", use("a")), turn("user", answer("a", content="1"))],
    ),
    "the last words of an assistant end in no white space": (
        [HI, assistant("one ", "two \n")],
        [HI_SENT, turn("assistant", text("one "), text("two"))],
    ),
    "only the last ones": (
        [HI, assistant("two \n"), HI],
        [HI_SENT, turn("assistant", text("two \n")), HI_SENT],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_turns(name):
    messages, expected = CASES[name]
    assert sent(*messages) == expected


@pytest.mark.parametrize("name", CASES)
def test_every_beginning_of_a_conversation_is_valid(name):
    messages, _ = CASES[name]
    fragments = Fragments()
    for length in range(1, len(messages) + 1):
        beginning = sent(*messages[:length], fragments=fragments)
        check_rules(beginning)
        assert beginning == sent(*messages[:length])


def check_rules(turns):
    """wire/anthropic §3 and §4."""
    assert turns[0]["role"] == "user"
    for before, after in zip(turns, [*turns[1:], turn("user")], strict=True):
        assert before["content"]
        if after["content"]:
            assert before["role"] != after["role"]
        used = [block["id"] for block in before["content"] if block["type"] == "tool_use"]
        types = [block["type"] for block in after["content"]]
        given = [b["tool_use_id"] for b in after["content"] if b["type"] == "tool_result"]
        assert used == given
        assert types[: len(given)] == ["tool_result"] * len(given)
    every = [b["id"] for t in turns for b in t["content"] if b["type"] == "tool_use"]
    assert len(set(every)) == len(every)


IDS = st.sampled_from(["a", "b", "c:1"])
PARTS = st.one_of(
    st.sampled_from([TextPart("x"), TextPart(" "), TextPart("y "), PNG, ThinkingPart("hm")]),
    IDS.map(lambda id: ToolResultPart(call_id=id, name="f", text="1")),
)
ASKED = st.lists(IDS, max_size=3).map(lambda ids: tuple(call(id) for id in ids))
MESSAGES = st.one_of(
    st.builds(
        lambda role, parts: Message(role=role, parts=tuple(parts)),
        st.sampled_from(Role),
        st.lists(PARTS, max_size=3),
    ),
    ASKED.map(lambda calls: assistant("so ", *calls)),
    ASKED.map(lambda calls: assistant(*calls)),
)


@given(messages=st.lists(MESSAGES, max_size=8))
def test_any_conversation_is_valid_however_it_grew(messages):
    fragments = Fragments()
    for length in range(len(messages) + 1):
        beginning = sent(*messages[:length], fragments=fragments)
        check_rules(beginning)
        assert beginning == sent(*messages[:length])


def counting(reads):
    class Watched(TextPart):
        def __getattribute__(self, name):
            if name == "text":
                reads.append(name)
            return super().__getattribute__(name)

    return Watched


def test_a_message_is_encoded_once_in_a_run():
    reads = []
    watched = user(counting(reads)("go"))
    fragments = Fragments()
    first = sent(watched, fragments=fragments)
    once = len(reads)
    assert once > 0
    for _ in range(3):
        assert sent(watched, assistant("ok"), HI, fragments=fragments)[0] == first[0]
    assert len(reads) == once


def test_results_and_calls_are_encoded_once_too(monkeypatch):
    from majordomo.providers.anthropic import messages as module

    encoded = []
    real = module.encode_message
    monkeypatch.setattr(
        module, "encode_message", lambda m, target: encoded.append(m) or real(m, target)
    )
    fragments = Fragments()
    asked = assistant(A)
    history = [HI, asked, tool_result(A, "1"), assistant("ok "), user("more")]
    for length in range(1, len(history) + 1):
        sent(*history[:length], fragments=fragments)
    assert [id(m) for m in encoded] == [id(m) for m in history]


@pytest.mark.parametrize(
    ("target", "options"),
    [
        (Target("anthropic", "claude-opus-5"), AnthropicOptions()),
        (Target("other", TARGET.model), AnthropicOptions()),
        (TARGET, AnthropicOptions(default_max_tokens=5)),
    ],
)
def test_fragments_are_kept_per_target_and_options(target, options):
    state = ProviderState(
        wire="anthropic", provider="anthropic", model=TARGET.model, data='[{"type":"thinking"}]'
    )
    messages = [HI, assistant("ok", state=state), HI]
    fragments = Fragments()
    own = sent(*messages, fragments=fragments)
    assert own[1] == turn("assistant", {"type": "thinking"})
    request = Request(messages=messages, fragments=fragments)
    other = AnthropicWire(options).encode(request, target, streaming=False)
    same = target == TARGET
    assert json.loads(other.body)["messages"][1] == (
        own[1] if same else turn("assistant", text("ok"))
    )


def test_much_media_is_not_held_a_second_time():
    big = user(ImagePart(data=b"x" * 1024 * 1024, mime="image/png"))
    small = user(PNG)
    fragments = Fragments()
    sent(big, small, fragments=fragments)
    kept = fragments.of(("anthropic", AnthropicOptions(), TARGET))
    assert list(kept) == [id(small)]


def test_a_tool_is_encoded_once_in_a_run():
    class Schema:
        def __init__(self):
            self.reads = 0

        def get(self, name, default=None):
            return {"type": "object"}.get(name, default)

        def keys(self):
            self.reads += 1
            return ["type"]

        def __getitem__(self, name):
            return "object"

    schema = Schema()
    tool = Tool(name="t", description="d", parameters=schema, invoke=None)
    fragments = Fragments()
    bodies = []
    for _ in range(3):
        request = Request(messages=[HI], tools=[tool], fragments=fragments)
        bodies.append(AnthropicWire().encode(request, TARGET, streaming=False).body)
    assert schema.reads == 1
    assert json.loads(bodies[2])["tools"] == [
        {"name": "t", "description": "d", "input_schema": {"type": "object"}}
    ]
    assert bodies[0] == bodies[1] == bodies[2]
