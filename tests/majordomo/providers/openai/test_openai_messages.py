import base64
import json

import pytest

from majordomo.errors import UnsupportedRequest
from majordomo.llm.message import (
    Message,
    Role,
    assistant,
    system,
    tool_result,
    user,
)
from majordomo.llm.parts import DocumentPart, ImagePart, ThinkingPart, ToolCallPart, ToolResultPart
from majordomo.llm.request import Request
from majordomo.llm.response import Target
from majordomo.providers.openai import Dialect, OpenAIWire

TARGET = Target("openai", "m")
PNG = ImagePart(data=b"\x89PNG", mime="image/png")
JPEG = ImagePart(data=b"\xff\xd8\xff", mime="image/jpeg")
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}
JPEG_PART = {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/"}}
CALL_A = ToolCallPart(id="call_A", name="lookup", arguments='{"q":"x"}')
CALL_B = ToolCallPart(id="call_B", name="clock", arguments="")
HELLO = {"role": "user", "content": "hi"}


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


A_JSON, B_JSON = calls_json(("call_A", "lookup", '{"q":"x"}'), ("call_B", "clock", "{}"))


def result_json(call_id, content):
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def test_the_smallest_request_has_nothing_that_was_not_asked_for():
    assert encode() == {"model": "m", "messages": [HELLO]}


def test_all_system_text_goes_into_one_leading_message():
    assert sent(
        user("hi"), system("Later."), assistant("yo"), system("Last."), system="First."
    ) == [
        {"role": "system", "content": "First.\n\nLater.\n\nLast."},
        HELLO,
        {"role": "assistant", "content": "yo"},
    ]


def test_the_dialect_names_the_role_of_system_text():
    first = sent(system="Be brief.", dialect=Dialect(system_role="developer"))[0]
    assert first == {"role": "developer", "content": "Be brief."}


def test_text_alone_is_a_string_and_beside_media_a_list():
    document = DocumentPart(data=b"%PDF-", name="a.pdf")
    text_only, mixed = sent(user("a", "b"), user("look: ", PNG, "and", document, ""))
    assert text_only == {"role": "user", "content": "ab"}
    assert mixed["content"] == [
        {"type": "text", "text": "look: "},
        PNG_PART,
        {"type": "text", "text": "and"},
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        },
    ]


def test_large_images_keep_every_byte():
    data = bytes(range(256)) * 999
    [message] = sent(user(ImagePart(data=data, mime="image/png")))
    url = message["content"][0]["image_url"]["url"]
    assert base64.b64decode(url.removeprefix("data:image/png;base64,")) == data


@pytest.mark.parametrize(
    ("part", "dialect", "what"),
    [
        (PNG, Dialect(vision=False), "images"),
        (PNG, Dialect(string_content=True), "images"),
        (DocumentPart(data=b"%PDF-"), Dialect(string_content=True), "documents"),
    ],
)
def test_media_the_server_cannot_take_are_refused_before_they_are_sent(part, dialect, what):
    with pytest.raises(UnsupportedRequest, match=f"openai/m takes no {what}") as caught:
        encode(user("x", part), dialect=dialect)
    assert (caught.value.provider, caught.value.model) == ("openai", "m")


def test_calls_and_results_follow_each_other():
    assert sent(
        user("hi"),
        assistant(CALL_A, CALL_B),
        tool_result(CALL_A, "42"),
        tool_result(CALL_B, "12:00"),
        assistant("Done."),
    ) == [
        HELLO,
        {"role": "assistant", "content": None, "tool_calls": [A_JSON, B_JSON]},
        result_json("call_A", "42"),
        result_json("call_B", "12:00"),
        {"role": "assistant", "content": "Done."},
    ]


@pytest.mark.parametrize(
    ("message", "dialect", "content"),
    [
        (assistant(CALL_A), Dialect(), None),
        (assistant(CALL_A), Dialect(null_content=False), ""),
        (assistant("let me see", CALL_A), Dialect(), "let me see"),
    ],
)
def test_content_beside_calls(message, dialect, content):
    first = sent(message, tool_result(CALL_A, "1"), dialect=dialect)[0]
    assert first == {"role": "assistant", "content": content, "tool_calls": [A_JSON]}


def test_an_assistant_turn_without_calls_has_no_key_for_them():
    assert sent(assistant(ThinkingPart("hm"), "so")) == [{"role": "assistant", "content": "so"}]


def test_an_empty_assistant_turn_is_left_out():
    assert sent(user("hi"), assistant(ThinkingPart("hm"))) == [HELLO]


def test_images_of_results_follow_in_one_user_message_after_all_results():
    assert sent(
        assistant(CALL_A, CALL_B),
        tool_result(CALL_A, "a picture", PNG),
        tool_result(CALL_B, "", PNG, JPEG),
        user("hi"),
    )[1:] == [
        result_json("call_A", "a picture\n(image in the next user message)"),
        result_json("call_B", "(2 images in the next user message)"),
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Result of lookup (call_A), image:"},
                PNG_PART,
                {"type": "text", "text": "Result of clock (call_B), 2 images:"},
                PNG_PART,
                JPEG_PART,
            ],
        },
        HELLO,
    ]


def test_images_at_the_end_of_the_conversation_are_sent_too():
    last = sent(assistant(CALL_A), tool_result(CALL_A, "x", PNG))[-1]
    assert last["role"] == "user"
    assert PNG_PART in last["content"]


@pytest.mark.parametrize("dialect", [Dialect(vision=False), Dialect(string_content=True)])
def test_images_of_results_are_pointed_out_as_missing_where_none_are_taken(dialect):
    answers = sent(assistant(CALL_A), tool_result(CALL_A, "x", PNG), dialect=dialect)[1:]
    assert answers == [result_json("call_A", "x\n(image left out: no images are taken here)")]


def test_a_failed_call_says_so_in_its_text():
    failed = sent(assistant(CALL_A), tool_result(CALL_A, "no such key", is_error=True))[1]
    assert failed == result_json("call_A", "Error: no such key")


def test_results_in_one_message_become_one_message_each():
    both = Message(
        role=Role.TOOL,
        parts=(
            ToolResultPart(call_id="call_A", name="lookup", text="1"),
            ToolResultPart(call_id="call_B", name="clock", text="2"),
        ),
    )
    results = sent(assistant(CALL_A, CALL_B), both)[1:]
    assert results == [result_json("call_A", "1"), result_json("call_B", "2")]


@pytest.mark.parametrize(
    ("arguments", "replayed"),
    [
        ('{"q": "x"}', {"q": "x"}),
        ("", {}),
        ("  ", {}),
        ('{"q": ', {"invalid_arguments": '{"q": '}),
        ("[1]", {"invalid_arguments": "[1]"}),
        ("null", {"invalid_arguments": "null"}),
        ('{"q": NaN}', {"invalid_arguments": '{"q": NaN}'}),
    ],
)
def test_arguments_are_replayed_as_an_object_always(arguments, replayed):
    call = ToolCallPart(id="c", name="lookup", arguments=arguments)
    text = sent(assistant(call), tool_result(call, "x"))[0]["tool_calls"][0]["function"]
    assert json.loads(text["arguments"], parse_constant=pytest.fail) == replayed


def test_a_call_nobody_answered_gets_an_error_before_anything_else():
    not_completed = "Error: the call was not completed."
    assert sent(assistant(CALL_A, CALL_B), tool_result(CALL_B, "2"), user("hi"), assistant(CALL_A))[
        1:
    ] == [
        result_json("call_B", "2"),
        result_json("call_A", not_completed),
        HELLO,
        {"role": "assistant", "content": None, "tool_calls": [A_JSON]},
        result_json("call_A", not_completed),
    ]


def test_a_repaired_call_precedes_the_images_of_its_neighbours():
    roles = [
        (message["role"], message.get("tool_call_id"))
        for message in sent(assistant(CALL_A, CALL_B), tool_result(CALL_A, "x", PNG), user("hi"))
    ]
    assert roles[1:] == [("tool", "call_A"), ("tool", "call_B"), ("user", None), ("user", None)]


def test_a_result_without_its_call_is_dropped():
    orphan = tool_result(CALL_A, "late", PNG)
    assert sent(orphan, user("hi"), orphan, assistant("yo"), orphan) == [
        HELLO,
        {"role": "assistant", "content": "yo"},
    ]


def test_a_second_result_for_a_call_is_dropped():
    twice = sent(assistant(CALL_A), tool_result(CALL_A, "1"), tool_result(CALL_A, "2"))
    assert twice[1:] == [result_json("call_A", "1")]


def test_a_system_message_between_calls_and_results_moves_to_the_front():
    roles = [m["role"] for m in sent(assistant(CALL_A), system("s"), tool_result(CALL_A, "1"))]
    assert roles == ["system", "assistant", "tool"]
