"""Conversations as JSON: nothing is lost, nothing malformed passes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.llm import (
    DocumentPart,
    ImagePart,
    Message,
    OpaquePart,
    ProviderState,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    TranscriptError,
    assistant,
    dump_messages,
    load_messages,
    user,
)

TEXT = st.text(max_size=12)
BROKEN = st.text(st.characters(categories=["Cs", "L"]), max_size=4)  # with lone surrogates
IMAGES = st.builds(ImagePart, data=st.binary(max_size=8), mime=TEXT)
PARTS = st.one_of(
    st.builds(TextPart, TEXT),
    st.builds(ThinkingPart, TEXT),
    IMAGES,
    st.builds(DocumentPart, data=st.binary(max_size=8), mime=TEXT, name=TEXT),
    st.builds(ToolCallPart, id=TEXT, name=TEXT, arguments=TEXT),
    st.builds(
        ToolResultPart,
        call_id=TEXT,
        name=TEXT,
        text=TEXT,
        images=st.lists(IMAGES, max_size=2).map(tuple),
        is_error=st.booleans(),
    ),
    st.builds(OpaquePart, provider=TEXT, kind=TEXT, data=TEXT),
)
STATES = st.none() | st.builds(ProviderState, wire=TEXT, provider=TEXT, model=TEXT, data=TEXT)
MESSAGES = st.lists(
    st.builds(
        Message,
        role=st.sampled_from(Role),
        parts=st.lists(PARTS, max_size=3).map(tuple),
        state=STATES,
    ),
    max_size=3,
)


@given(MESSAGES)
def test_every_conversation_comes_back_byte_for_byte(messages):
    text = dump_messages(messages)
    again = load_messages(text)
    assert again == messages
    assert dump_messages(again) == text


@given(BROKEN)
def test_half_a_surrogate_pair_which_models_write_comes_back_too(broken):
    messages = [
        user(broken),
        Message(
            role=Role.ASSISTANT,
            parts=(ThinkingPart(broken), ToolCallPart(id="1", name="f", arguments=broken)),
            state=ProviderState(wire="w", provider="p", model="m", data=broken),
        ),
    ]
    text = dump_messages(messages)
    text.encode()  # a file or a database takes it
    assert load_messages(text) == load_messages(text.encode()) == messages
    assert dump_messages(load_messages(text)) == text


def test_what_is_no_json_value_is_refused_in_one_sentence():
    with pytest.raises(TranscriptError, match="the messages cannot be written as JSON: Object of"):
        dump_messages([user(TextPart(object()))])


def test_the_form_is_stable():
    message = assistant(
        ImagePart(data=b"\x00\x01", mime="image/png"),
        state=ProviderState(wire="w", provider="p", model="m", data="{}"),
    )
    assert json.loads(dump_messages([message])) == {
        "version": 1,
        "messages": [
            {
                "role": "assistant",
                "parts": [{"type": "image", "data": "AAE=", "mime": "image/png"}],
                "state": {"wire": "w", "provider": "p", "model": "m", "data": "{}"},
            }
        ],
    }


def test_bytes_are_read_as_text_is():
    assert load_messages(dump_messages([user("æ")]).encode()) == [user("æ")]


def wrapped(*messages):
    return json.dumps({"version": 1, "messages": list(messages)})


def said(*parts, **fields):
    return wrapped({"role": "user", "parts": list(parts), **fields})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be JSON"),
        ("{", "must be JSON"),
        ("[]", "an object with"),
        ("7", "an object with"),
        ('{"version": 1}', "an object with"),
        ('{"version": 1, "messages": null}', 'a list "messages"'),
        ('{"version": 1, "messages": {"0": {}}}', 'a list "messages"'),
        ('{"version": 2, "messages": []}', "has version 2, this release reads 1"),
        ('{"messages": []}', "has version None"),
        (wrapped(7), "message 0"),
        (wrapped({"role": "user", "parts": []}, {"role": "user"}), "message 1"),
        (wrapped({"role": "robot", "parts": []}), "message 0"),
        (wrapped({"role": "user", "parts": 3}), "message 0"),
        (said("text"), "message 0"),
        (said({"text": "untyped"}), "message 0"),
        (said({"type": "video"}), "unknown part type 'video'"),
        (said({"type": "text"}), "message 0"),
        (said({"type": "text", "text": 5}), "message 0"),
        (said({"type": "image", "data": "***", "mime": "image/png"}), "message 0"),
        (said({"type": "image", "data": 5, "mime": "image/png"}), "message 0"),
        (said({"type": "tool_result", "call_id": "1", "name": "n", "images": [5]}), "message 0"),
        (
            said(
                {
                    "type": "tool_result",
                    "call_id": "1",
                    "name": "n",
                    "images": [{"type": "text", "text": "x"}],
                }
            ),
            "message 0",
        ),
        (said(state={"wire": "w"}), "message 0"),
    ],
)
def test_a_malformed_transcript_is_refused_and_named(text, why):
    with pytest.raises(TranscriptError) as caught:
        load_messages(text)
    assert why in str(caught.value)
