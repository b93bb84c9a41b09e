"""Conversations as input items: parts, results, foreign calls, and what is repaired."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executus.testing.server.responses_rules import find_broken_rule
from majordomo.llm import (
    DocumentPart,
    Fragments,
    ImagePart,
    Message,
    OpaquePart,
    ProviderState,
    Request,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    assistant,
    system,
    tool_result,
    user,
)
from majordomo.llm.response import Target
from majordomo.providers.responses import ResponsesOptions, ResponsesWire
from majordomo.providers.responses import messages as messages_module

TARGET = Target("openai-responses", "gpt-6-sol")
PNG = ImagePart(data=b"\x89PNG\xff", mime="image/png")
PDF = DocumentPart(data=b"%PDF-1", name='a "b".pdf')
A = ToolCallPart(id="call_A", name="lookup", arguments='{"q":"x"}')
B = ToolCallPart(id="call_B", name="clock")
MISSING = "Error: the call was not completed."


def url(file):
    return f"data:{file.mime};base64,{base64.b64encode(file.data).decode()}"


def image(part):
    return {"type": "input_image", "image_url": url(part), "detail": "auto"}


def call(part, id=None, **fields):
    known = {"type": "function_call", "call_id": id or part.id, "name": part.name}
    return {**known, "arguments": part.arguments, **fields}


def output(id, said):
    return {"type": "function_call_output", "call_id": id, "output": said}


def sent(*messages, target=TARGET, store=False, fragments=None):
    request = Request(messages=messages, fragments=fragments or Fragments())
    wire = ResponsesWire(ResponsesOptions(store=store))
    body = json.loads(wire.encode(request, target, streaming=False).body)
    return body["input"]


CONVERSATIONS = {
    "text": ([user("a", "b")], [{"role": "user", "content": "ab"}]),
    "parts": (
        [user("look", PNG, PDF, "")],
        [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "look"},
                    image(PNG),
                    {"type": "input_file", "filename": 'a "b".pdf', "file_data": url(PDF)},
                ],
            }
        ],
    ),
    "an image alone": ([user(PNG)], [{"role": "user", "content": [image(PNG)]}]),
    "nothing said": (
        [user("hi"), user(), user(""), assistant(), assistant("")],
        [{"role": "user", "content": "hi"}],
    ),
    "foreign text, calls and thoughts": (
        [
            user("hi"),
            assistant(ThinkingPart("hm"), "Let ", "me.", A, B, "So"),
            tool_result(A, "42"),
            tool_result(B, "no", is_error=True),
        ],
        [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "Let me."},
            call(A),
            call(B),
            {"role": "assistant", "content": "So"},
            output("call_A", "42"),
            output("call_B", "Error: no"),
        ],
    ),
    "opaque parts of others are left out": (
        [user("hi"), assistant(OpaquePart(provider="anthropic", kind="x", data="{}"), "y")],
        [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "y"}],
    ),
    "files of an assistant are pointed at": (
        [user("hi"), assistant("see", PNG)],
        [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "see(a file of type image/png)"},
        ],
    ),
    "images in results": (
        [assistant(A, B), tool_result(A, "shot", PNG, PNG), tool_result(B, "", PNG)],
        [
            call(A),
            call(B),
            output("call_A", [{"type": "input_text", "text": "shot"}, image(PNG), image(PNG)]),
            output("call_B", [image(PNG)]),
        ],
    ),
    "a failed result with an image": (
        [assistant(A), tool_result(A, "no", PNG, is_error=True)],
        [call(A), output("call_A", [{"type": "input_text", "text": "Error: no"}, image(PNG)])],
    ),
    "a call nobody answered, before more is said": (
        [assistant(A, B), tool_result(B, "1"), user("go on")],
        [
            call(A),
            call(B),
            output("call_B", "1"),
            output("call_A", MISSING),
            {"role": "user", "content": "go on"},
        ],
    ),
    "a call nobody answered, at the end": (
        [assistant(A)],
        [call(A), output("call_A", MISSING)],
    ),
    "results without a call, and second ones": (
        [tool_result(A, "0"), assistant(A), tool_result(A, "1"), tool_result(A, "2"), user("x")],
        [call(A), output("call_A", "1"), {"role": "user", "content": "x"}],
    ),
    "a late result": (
        [assistant(A), user("x"), tool_result(A, "late")],
        [call(A), output("call_A", MISSING), {"role": "user", "content": "x"}],
    ),
    "one message with results and a word": (
        [
            assistant(A),
            Message(
                role=Role.USER,
                parts=(TextPart("and"), ToolResultPart(call_id="call_A", name="lookup", text="1")),
            ),
        ],
        [call(A), output("call_A", "1"), {"role": "user", "content": "and"}],
    ),
    "broken arguments": (
        [assistant(ToolCallPart(id="c", name="f", arguments="{oops")), tool_result(A, "x")],
        [
            call(ToolCallPart(id="c", name="f", arguments='{"invalid_arguments":"{oops"}')),
            output("c", MISSING),
        ],
    ),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_turns(name):
    messages, items = CONVERSATIONS[name]
    assert sent(*messages) == items
    assert find_broken_rule({"model": "m", "input": items}, ()) is None


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_growing_conversation_is_sent_as_one_made_at_once(name):
    messages, _ = CONVERSATIONS[name]
    fragments = Fragments()
    for end in range(1, len(messages) + 1):
        grown = sent(*messages[:end], fragments=fragments)
        assert grown == sent(*messages[:end])


@pytest.mark.parametrize("id", ["", "a b", "x" * 65, "functions.lookup:0", "é", "\ud800"])
def test_ids_of_others_are_mapped_the_same_for_call_and_result(id):
    foreign = ToolCallPart(id=id, name="f")
    [made, answer] = sent(assistant(foreign), tool_result(foreign, "1"))
    assert made["call_id"] == answer["call_id"]
    assert find_broken_rule({"model": "m", "input": [made, answer]}, ()) is None
    assert made["call_id"].isascii()
    assert answer["output"] == "1"


def test_a_fitting_id_is_kept():
    fitting = ToolCallPart(id="x" * 64, name="f")
    assert sent(assistant(fitting))[0]["call_id"] == "x" * 64


def test_ids_used_again_are_set_apart_and_answered_in_order():
    zero = ToolCallPart(id="0", name="f")
    turn = [assistant(zero, zero), tool_result(zero, "first"), tool_result(zero, "second")]
    items = sent(*turn, *turn)
    ids = [item["call_id"] for item in items if item["type"] == "function_call"]
    answers = {i["call_id"]: i["output"] for i in items if i["type"] == "function_call_output"}
    assert len(set(ids)) == 4
    assert [answers[id] for id in ids] == ["first", "second", "first", "second"]


PARTS = st.one_of(
    st.builds(TextPart, st.text(max_size=3)),
    st.builds(
        ToolCallPart,
        id=st.sampled_from(["", "a", "b", "x y"]),
        name=st.just("f"),
        arguments=st.sampled_from(["", "{}", "[1", '{"a":1}']),
    ),
    st.builds(ThinkingPart, st.just("hm")),
    st.just(PNG),
)
RESULTS = st.builds(
    ToolResultPart,
    call_id=st.sampled_from(["", "a", "b", "x y"]),
    name=st.just("f"),
    text=st.text(max_size=3),
    is_error=st.booleans(),
)


def message(role, parts):
    return st.builds(Message, role=st.just(role), parts=st.lists(parts, max_size=3).map(tuple))


MESSAGES = st.lists(
    st.one_of(
        message(Role.USER, st.one_of(st.builds(TextPart, st.text(max_size=3)), st.just(PNG))),
        message(Role.ASSISTANT, PARTS),
        message(Role.TOOL, RESULTS),
        st.just(system("s")),
    ),
    max_size=8,
)


@given(MESSAGES)
def test_any_conversation_is_valid_however_it_grew(messages):
    fragments = Fragments()
    for end in range(1, len(messages) + 1):
        grown = sent(*messages[:end], fragments=fragments)
        body = {"model": "m", "input": grown or "x"}
        assert find_broken_rule(body, ()) is None
    if messages:
        assert grown == sent(*messages)


def own(*items, model="gpt-6-sol"):
    return ProviderState(
        wire="openai-responses",
        provider="openai-responses",
        model=model,
        data=json.dumps(items),
    )


HISTORY = (
    user("hi", PNG),
    assistant("x", A),
    tool_result(A, "1", PNG),
    assistant("y", state=own({"type": "message", "role": "assistant", "content": []})),
)


@pytest.fixture
def encoded(monkeypatch):
    """Messages encoded, in order."""
    seen = []
    real = messages_module.encode_message

    def count(message, target, *, stored):
        seen.append(message)
        return real(message, target, stored=stored)

    monkeypatch.setattr(messages_module, "encode_message", count)
    return seen


def test_a_message_is_encoded_once_in_a_run(encoded):
    fragments = Fragments()
    for end in range(1, len(HISTORY) + 1):
        sent(*HISTORY[:end], fragments=fragments)
    sent(*HISTORY[1:], fragments=fragments)
    assert encoded == list(HISTORY)


@pytest.mark.parametrize(
    "other", [{"target": Target("openai-responses", "gpt-6-luna")}, {"store": True}]
)
def test_another_target_or_storage_does_not_share_fragments(encoded, other):
    fragments = Fragments()
    sent(*HISTORY, fragments=fragments)
    sent(*HISTORY, fragments=fragments, **other)
    assert len(encoded) == 2 * len(HISTORY)


def test_much_media_is_not_held_a_second_time(encoded):
    big = user(ImagePart(data=b"\x89PNG" + bytes(1024 * 1024), mime="image/png"))
    small, fragments = user("x"), Fragments()
    first, second = (sent(big, small, fragments=fragments) for _ in range(2))
    assert first == second
    assert [message is big for message in encoded] == [True, False, True]
