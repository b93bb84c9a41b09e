import json
import math

import pytest

from majordomo.errors import UnsupportedRequest
from majordomo.llm.message import (
    assistant,
    tool_result,
    user,
)
from majordomo.llm.output import OutputMode
from majordomo.llm.parts import ToolCallPart
from majordomo.llm.request import OutputSchema, Request, Settings
from majordomo.llm.response import Target
from majordomo.llm.tool import Tool
from majordomo.providers.openai import Dialect, OpenAIWire

TARGET = Target("openai", "m")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


async def never(_arguments, _context):
    raise AssertionError


LOOKUP = Tool(name="lookup", description="Looks up.", parameters=SCHEMA, invoke=never)
CLOCK = Tool(name="clock", description="", parameters={"type": "object"}, invoke=never)
LOOKUP_JSON = {
    "type": "function",
    "function": {"name": "lookup", "description": "Looks up.", "parameters": SCHEMA},
}


def encode(*messages, dialect=Dialect(), target=TARGET, streaming=False, **fields):
    request = Request(messages=messages or (user("hi"),), **fields)
    call = OpenAIWire(dialect).encode(request, target, streaming=streaming)
    assert call.path == "/chat/completions"
    return json.loads(call.body.decode("utf-8"), parse_constant=pytest.fail)


def sent(*messages, **options):
    return encode(*messages, **options)["messages"]


def test_tools_always_have_an_object_schema_with_properties():
    tools = encode(tools=(LOOKUP, CLOCK))["tools"]
    assert tools == [
        LOOKUP_JSON,
        {
            "type": "function",
            "function": {
                "name": "clock",
                "description": "",
                "parameters": {"type": "object", "properties": {}},
            },
        },
    ]


NAMED = {"type": "function", "function": {"name": "lookup"}}
ONE_AT_A_TIME = Settings(parallel_tool_calls=False)


@pytest.mark.parametrize(
    ("fields", "dialect", "expected"),
    [
        ({"tools": (LOOKUP,)}, Dialect(), {}),
        ({"tools": (LOOKUP,), "tool_choice": "auto"}, Dialect(), {}),
        ({"tools": (LOOKUP,), "tool_choice": "none"}, Dialect(), {"tool_choice": "none"}),
        ({"tools": (LOOKUP,), "tool_choice": "required"}, Dialect(), {"tool_choice": "required"}),
        ({"tools": (LOOKUP,), "tool_choice": LOOKUP}, Dialect(), {"tool_choice": NAMED}),
        (
            {"tools": (LOOKUP,), "settings": ONE_AT_A_TIME},
            Dialect(),
            {"parallel_tool_calls": False},
        ),
        ({"tool_choice": "required", "settings": ONE_AT_A_TIME}, Dialect(), {}),
        ({"tool_choice": "none"}, Dialect(), {}),
        (
            {"tools": (LOOKUP,), "tool_choice": "required"},
            Dialect(forced_tool_choice=False),
            {},
        ),
        ({"tools": (LOOKUP,), "tool_choice": LOOKUP}, Dialect(forced_tool_choice=False), {}),
        (
            {"tools": (LOOKUP,), "tool_choice": "none"},
            Dialect(forced_tool_choice=False),
            {"tool_choice": "none"},
        ),
        (
            {"tools": (LOOKUP,), "settings": ONE_AT_A_TIME},
            Dialect(parallel_tool_calls=False),
            {},
        ),
    ],
)
def test_tool_choice_and_parallel_calls_only_with_tools(fields, dialect, expected):
    body = encode(dialect=dialect, **fields)
    assert {k: body[k] for k in ("tool_choice", "parallel_tool_calls") if k in body} == expected


@pytest.mark.parametrize(
    ("settings", "dialect", "expected"),
    [
        (Settings(max_tokens=7), Dialect(), {"max_completion_tokens": 7}),
        (Settings(max_tokens=7), Dialect(legacy_max_tokens=True), {"max_tokens": 7}),
        (Settings(max_tokens=7, extra={"max_tokens": 9}), Dialect(), {"max_tokens": 9}),
        (
            Settings(max_tokens=7, extra={"max_completion_tokens": 9}),
            Dialect(legacy_max_tokens=True),
            {"max_completion_tokens": 9},
        ),
        (Settings(temperature=0.0, top_p=1.0), Dialect(), {"temperature": 0.0, "top_p": 1.0}),
        (Settings(stop=("a", "b")), Dialect(), {"stop": ["a", "b"]}),
        (Settings(reasoning_effort="none"), Dialect(), {"reasoning_effort": "none"}),
        (Settings(seed=0, service_tier="flex"), Dialect(), {"seed": 0, "service_tier": "flex"}),
        (Settings(seed=0, service_tier="flex"), Dialect(sampling_extras=False), {}),
        (Settings(prompt_caching=True, timeout_s=3), Dialect(), {}),
        (Settings(extra={"temperature": 2, "top_k": 3}, temperature=1.0), Dialect(), None),
    ],
)
def test_settings_as_fields(settings, dialect, expected):
    body = encode(settings=settings, dialect=dialect)
    del body["model"], body["messages"]
    assert body == ({"temperature": 2, "top_k": 3} if expected is None else expected)


def test_extra_fields_win_over_everything_and_no_key_is_sent_twice():
    extra = {"model": "other", "messages": [], "tools": [LOOKUP_JSON], "stream": False}
    request = Request(
        messages=(user("hi"),),
        tools=(CLOCK,),
        tool_choice="required",
        settings=Settings(extra=extra),
    )
    call = OpenAIWire().encode(request, TARGET, streaming=True)
    keys = json.loads(call.body, object_pairs_hook=lambda pairs: [key for key, _ in pairs])
    assert len(keys) == len(set(keys))
    body = json.loads(call.body)
    assert {key: body[key] for key in extra} == extra
    assert body["tool_choice"] == "required"


def test_tools_from_extra_alone_allow_a_tool_choice():
    settings = Settings(extra={"tools": [LOOKUP_JSON]}, parallel_tool_calls=True)
    body = encode(settings=settings, tool_choice="required")
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("required", True)


OUTPUT = OutputSchema(name="answer", schema=SCHEMA, description="An answer.", strict=True)


@pytest.mark.parametrize(
    ("output", "dialect", "expected"),
    [
        (
            OUTPUT,
            Dialect(),
            {
                "type": "json_schema",
                "json_schema": {
                    "name": "answer",
                    "description": "An answer.",
                    "strict": True,
                    "schema": SCHEMA,
                },
            },
        ),
        (
            OutputSchema(name="answer", schema=SCHEMA, strict=False),
            Dialect(),
            {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": False, "schema": SCHEMA},
            },
        ),
        (
            OutputSchema(name="answer", schema=SCHEMA),
            Dialect(strict=False),
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
        ),
        (OUTPUT, Dialect(output=OutputMode.JSON_OBJECT), {"type": "json_object"}),
        (None, Dialect(), None),
    ],
)
def test_an_output_schema_in_the_dialects_words(output, dialect, expected):
    assert encode(output=output, dialect=dialect).get("response_format") == expected


@pytest.mark.parametrize(
    ("streaming", "dialect", "expected"),
    [
        (False, Dialect(), {}),
        (True, Dialect(), {"stream": True, "stream_options": {"include_usage": True}}),
        (True, Dialect(stream_usage=False), {"stream": True}),
    ],
)
def test_stream_options_only_with_a_stream(streaming, dialect, expected):
    body = encode(streaming=streaming, dialect=dialect)
    assert {key: body[key] for key in body if key.startswith("stream")} == expected


def test_lone_surrogates_become_question_marks_everywhere():
    bad = "a\ud800b"
    call = ToolCallPart(id="c", name="lookup", arguments=f'{{"q": "{bad}"}}')
    body = encode(
        user(bad), assistant(bad, call), tool_result(call, bad), system=bad, tools=(LOOKUP,)
    )
    texts = [message["content"] for message in body["messages"]]
    assert texts == ["a?b"] * 4
    arguments = body["messages"][2]["tool_calls"][0]["function"]["arguments"]
    assert "a?b" in json.dumps(json.loads(arguments))


def test_text_that_is_not_ascii_survives():
    text = 'naïve "😀"\u2028\u0000\\'
    assert sent(user(text))[0]["content"] == text


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "fields",
    [
        lambda bad: {"settings": Settings(extra={"temperature": bad})},
        lambda bad: {"settings": Settings(extra={"a": [{"b": (bad,)}]})},
        lambda bad: {"output": OutputSchema(name="a", schema={"type": "object", "default": bad})},
        lambda bad: {
            "tools": (
                Tool(
                    name="t",
                    description="",
                    parameters={"type": "object", "properties": {"a": {"maximum": bad}}},
                    invoke=never,
                ),
            )
        },
    ],
)
def test_numbers_json_cannot_carry_are_refused(fields, number):
    with pytest.raises(UnsupportedRequest, match="infinite number or NaN") as caught:
        encode(**fields(number))
    assert (caught.value.provider, caught.value.model) == ("openai", "m")


def test_the_words_nan_and_infinity_are_only_words():
    settings = Settings(extra={"user": "NaN Infinity"})
    assert encode(user("NaN, -Infinity"), settings=settings)["user"] == "NaN Infinity"


def test_a_value_that_is_no_json_is_refused():
    with pytest.raises(UnsupportedRequest, match="cannot be written as JSON"):
        encode(settings=Settings(extra={"a": object()}))
