"""Conversations: thinking, calls and results, images, and turns other providers wrote."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executus.testing.server.ollama_rules import find_broken_rule
from majordomo.errors import UnsupportedRequest
from majordomo.llm import (
    DocumentPart,
    Fragments,
    ImagePart,
    Message,
    OpaquePart,
    ProviderState,
    Request,
    Role,
    Settings,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    assistant,
    dump_messages,
    load_messages,
    system,
    tool_result,
    user,
)
from majordomo.llm.response import Target
from majordomo.providers import encodings as encodings_module
from majordomo.providers.ollama import OllamaWire
from majordomo.providers.ollama import messages as messages_module

TARGET = Target("ollama", "qwen3:8b")
PNG = ImagePart(data=b"\x89PNG\xff", mime="image/png")
JPEG = ImagePart(data=b"\xff\xd8\xff", mime="image/jpeg")
PNG_TEXT = base64.b64encode(PNG.data).decode()
JPEG_TEXT = base64.b64encode(JPEG.data).decode()


def encode(*messages, target=TARGET, fragments=None, check=True):
    request = Request(messages=messages, fragments=fragments or Fragments(), settings=Settings())
    body = json.loads(OllamaWire().encode(request, target, streaming=False).body)
    if check:
        assert find_broken_rule(body) is None
    return body["messages"]


def call(id="call_1", name="look", arguments='{"q":"x"}'):
    return ToolCallPart(id=id, name=name, arguments=arguments)


def wire_call(id="call_1", name="look", **arguments):
    return {"id": id, "function": {"name": name, "arguments": arguments or {"q": "x"}}}


def thought(*parts, thinking="hm", target=TARGET, wire="ollama", data=None):
    data = json.dumps({"thinking": thinking}) if data is None else data
    state = ProviderState(wire=wire, provider=target.provider, model=target.model, data=data)
    return assistant(ThinkingPart(thinking), *parts, state=state)


def result(content, id="call_1", name="look"):
    return {"role": "tool", "tool_name": name, "tool_call_id": id, "content": content}


def test_a_tool_loop_in_the_words_of_the_wire():
    assert encode(user("hi"), assistant("So.", call()), tool_result(call(), "42")) == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "So.", "tool_calls": [wire_call()]},
        result("42"),
    ]


def test_images_are_bare_base64_in_order():
    assert encode(user("What ", PNG, "is this?", JPEG)) == [
        {"role": "user", "content": "What is this?", "images": [PNG_TEXT, JPEG_TEXT]}
    ]
    assert encode(user(PNG)) == [{"role": "user", "content": "", "images": [PNG_TEXT]}]


def test_documents_are_refused_with_the_way_out():
    with pytest.raises(UnsupportedRequest, match="takes no documents; send their text") as caught:
        encode(user("read", DocumentPart(data=b"%PDF-")))
    assert (caught.value.provider, caught.value.model) == ("ollama", "qwen3:8b")


def test_an_empty_question_stays_a_question():
    """Without any message the server would only load the model."""
    assert encode(user("")) == [{"role": "user", "content": ""}]


def test_a_turn_that_says_nothing_is_left_out():
    thinking = thought(OpaquePart(provider="x", kind="y", data="{}"))
    assert encode(user("a"), thinking, assistant(""), user("b")) == [
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b"},
    ]


def test_files_a_model_made_are_named():
    assert encode(assistant("See ", PNG, DocumentPart(data=b"%PDF-")))[0]["content"] == (
        "See (a file of type image/png)(a file of type application/pdf)"
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        ("{broken", {"invalid_arguments": "{broken"}),
        ("[1]", {"invalid_arguments": "[1]"}),
        ("NaN", {"invalid_arguments": "NaN"}),
    ],
)
def test_arguments_are_an_object(arguments, expected):
    said = encode(assistant(call(arguments=arguments)))[0]
    assert said["tool_calls"][0]["function"]["arguments"] == expected


def test_a_failure_is_said_in_the_text():
    asked = assistant(call())
    assert encode(asked, tool_result(call(), "no", is_error=True))[1] == result("Error: no")


def test_results_stand_in_the_order_of_the_calls():
    calls = [call("a", "look"), call("b", "feed"), call("c", "look")]
    results = [tool_result(each, each.id.upper()) for each in calls]
    assert encode(assistant(*calls), results[2], results[0], results[1])[1:] == [
        result("A", "a"),
        result("B", "b", "feed"),
        result("C", "c"),
    ]


def test_results_in_one_message_are_taken_apart():
    calls = [call("a"), call("b")]
    parts = (*tool_result(calls[1], "B").parts, *tool_result(calls[0], "A").parts)
    together = Message(role=Role.TOOL, parts=parts)
    assert encode(assistant(*calls), together)[1:] == [result("A", "a"), result("B", "b")]


def test_a_call_nobody_answered_gets_an_error():
    lost = result("Error: the call was not completed.", "b")
    calls = assistant(call("a"), call("b"))
    expected = [result("A", "a"), lost, {"role": "user", "content": "never mind"}]
    assert encode(calls, tool_result(call("a"), "A"), user("never mind"))[1:] == expected
    assert encode(calls, tool_result(call("a"), "A"))[1:] == expected[:2]
    assert encode(calls, assistant("on"), tool_result(call("a"), "late"))[1:3] == [
        result("Error: the call was not completed.", "a"),
        lost,
    ]


def test_results_without_a_call_and_second_results_are_dropped():
    answered = tool_result(call(), "42")
    expected = encode(user("x"), assistant(call()), answered)
    assert encode(
        user("x"), tool_result(call("z"), "?"), assistant(call()), answered, answered
    ) == (expected)


def test_what_a_user_says_beside_results_follows_them():
    both = Message(
        role=Role.USER,
        parts=(TextPart("and?"), ToolResultPart(call_id="call_1", name="look", text="42")),
    )
    assert encode(assistant(call()), both)[1:] == [
        result("42"),
        {"role": "user", "content": "and?"},
    ]


def test_images_of_results_follow_in_one_user_message():
    calls = [call("a"), call("b", "feed"), call("c")]
    said = encode(
        user("look"),
        assistant(*calls),
        tool_result(calls[2], "", PNG),
        tool_result(calls[0], "two", PNG, JPEG),
        tool_result(calls[1], "none"),
        assistant("I see."),
    )
    assert said[2:] == [
        result("two\n(2 images in the next user message)", "a"),
        result("none", "b", "feed"),
        result("(1 image in the next user message)", "c"),
        {
            "role": "user",
            "content": "Image 1: result of look (a)\nImage 2: result of look (a)\n"
            "Image 3: result of look (c)",
            "images": [PNG_TEXT, JPEG_TEXT, PNG_TEXT],
        },
        {"role": "assistant", "content": "I see."},
    ]


@pytest.mark.parametrize("id", ["functions.look:0", "é / ü" * 30, "", "x" * 65, "a\nb"])
def test_ids_of_any_form_become_portable_ones(id):
    said = encode(assistant(call(id)), tool_result(call(id), "42"))
    wire_id = said[0]["tool_calls"][0]["id"]
    assert wire_id.isascii()
    assert wire_id.startswith("call_")
    assert said[1]["tool_call_id"] == wire_id


def test_ids_that_repeat_are_told_apart():
    said = encode(
        assistant(call("0"), call("0", "feed")),
        tool_result(call("0"), "A"),
        tool_result(call("0", "feed"), "B"),
        assistant(call("0")),
        tool_result(call("0"), "C"),
    )
    ids = [c["id"] for message in said for c in message.get("tool_calls", ())]
    assert len(set(ids)) == 3
    answers = [(m["tool_call_id"], m["content"]) for m in said if m["role"] == "tool"]
    assert answers == list(zip(ids, "ABC", strict=True))


def test_thinking_goes_back_within_its_tool_loop():
    said = encode(user("x"), thought(call()), tool_result(call(), "42"))
    assert said[1] == {
        "role": "assistant",
        "content": "",
        "thinking": "hm",
        "tool_calls": [wire_call()],
    }


def test_thinking_is_dropped_once_the_user_speaks_again():
    loop = [user("x"), thought(call()), tool_result(call(), "42"), thought("It is 42.")]
    kept = encode(*loop)
    assert [m.get("thinking") for m in kept] == [None, "hm", None, "hm"]
    dropped = encode(*loop, user("and?"), thought(call("b")))
    assert [m.get("thinking") for m in dropped] == [None] * 5 + ["hm", None]
    assert dropped[1] == {"role": "assistant", "content": "", "tool_calls": [wire_call()]}


def test_images_of_results_do_not_end_the_tool_loop():
    said = encode(thought(call()), tool_result(call(), "", PNG), thought(call("b")))
    assert [m.get("thinking") for m in said if m["role"] == "assistant"] == ["hm", "hm"]


OTHERS = {
    "another provider": thought("t", target=Target("ollama-cloud", "qwen3:8b")),
    "another family": thought("t", target=Target("ollama", "gpt-oss:20b")),
    "another wire": thought("t", wire="openai"),
    "damaged": thought("t", data="{"),
    "not an object": thought("t", data='["thinking"]'),
    "not a text": thought("t", data='{"thinking": 5}'),
    "stripped": thought("t").without_state(),
}


@pytest.mark.parametrize("message", OTHERS.values(), ids=OTHERS)
def test_thinking_from_elsewhere_is_left_out(message):
    assert encode(message) == [{"role": "assistant", "content": "t"}]


def test_a_larger_model_of_the_family_gets_the_thinking():
    other = Target("ollama", "qwen3:32b")
    assert encode(thought("t"), target=other)[0]["thinking"] == "hm"


def test_a_transcript_survives_storage():
    loop = [user("x", PNG), thought("é", call()), tool_result(call(), "42", PNG)]
    assert encode(*load_messages(dump_messages(loop))) == encode(*loop)


def test_a_message_is_encoded_once_per_run(monkeypatch):
    fragments = Fragments()
    history = [user("x", PNG), thought("So.", call()), tool_result(call(), "42")]
    encoded = []
    real = messages_module.encode_message

    def counted(message, target):
        encoded.append(message)
        return real(message, target)

    monkeypatch.setattr(messages_module, "encode_message", counted)
    first = encode(*history, fragments=fragments)
    assert encoded == history
    encoded.clear()
    more = [assistant("ok"), user("and?")]
    grown = encode(*history, *more, fragments=fragments)
    assert encoded == more
    assert grown == encode(*history, *more)
    assert first == encode(*history)
    # A history cut short by a compactor is joined anew, from what is known.
    encoded.clear()
    assert encode(*history[:1], *more, fragments=fragments)[-1]["content"] == "and?"
    assert encoded == []


def test_big_media_is_not_kept_a_second_time(monkeypatch):
    monkeypatch.setattr(encodings_module, "_MOST_MEDIA_KEPT", 100)
    fragments, message = Fragments(), user("x", replace(PNG, data=b"\x89PNG" * 100))
    once = encode(message, fragments=fragments)
    assert fragments.of(("ollama", TARGET)) == {}
    assert encode(message, user("y"), fragments=fragments)[:1] == once


TEXTS = st.text(max_size=5)
IDS = st.sampled_from(["0", "1", "", "é"])
CALLS = st.builds(call, IDS, st.sampled_from(["look", "feed"]), TEXTS)
MESSAGES = st.one_of(
    st.builds(user, TEXTS),
    st.builds(system, TEXTS),
    st.builds(lambda text, calls: thought(text, *calls), TEXTS, st.lists(CALLS, max_size=3)),
    st.builds(lambda c, text: tool_result(c, text, PNG), CALLS, TEXTS),
)


@settings(deadline=None)
@given(st.lists(MESSAGES, max_size=12), st.integers(0, 12))
def test_any_history_is_one_the_server_takes(history, cut):
    fragments = Fragments()
    encode(*history[:cut], fragments=fragments)
    assert encode(*history, fragments=fragments) == encode(*history)
