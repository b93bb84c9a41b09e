"""Requests in the words of the Responses API: settings, tools, output, system text."""

import json

import pytest

from executus.testing.server.responses_rules import find_broken_rule
from majordomo.errors import UnsupportedRequest
from majordomo.llm import OutputSchema, Request, Settings, Tool, system, user
from majordomo.llm.fragments import Fragments
from majordomo.llm.output import OutputMode
from majordomo.llm.response import Target
from majordomo.providers.responses import ResponsesOptions, ResponsesWire
from majordomo.providers.responses import encode as encode_module

TARGET = Target("openai-responses", "gpt-6-sol")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
LEAST = {
    "model": "gpt-6-sol",
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "input": [{"role": "user", "content": "hi"}],
}


async def never(_arguments, _context):
    raise AssertionError


LOOKUP = Tool(name="lookup", description="Looks up.", parameters=SCHEMA, invoke=never)
CLOCK = Tool(name="clock", description="", parameters={"type": "object"}, invoke=never)


def encode(*messages, options=ResponsesOptions(), streaming=False, **fields):
    request = Request(messages=messages or (user("hi"),), **fields)
    call = ResponsesWire(options).encode(request, TARGET, streaming=streaming)
    assert (call.path, call.headers) == ("/responses", ())

    def once(pairs):
        assert len(dict(pairs)) == len(pairs), f"a field is said twice: {pairs}"
        return dict(pairs)

    return json.loads(call.body, parse_constant=pytest.fail, object_pairs_hook=once)


def added(body):
    """What a body has beyond the least."""
    return {name: value for name, value in body.items() if LEAST.get(name) != value}


def test_the_least_request_stores_nothing_and_asks_for_encrypted_reasoning():
    assert encode() == LEAST
    assert find_broken_rule(encode(), ()) is None


def test_a_storing_endpoint_needs_no_encrypted_reasoning():
    body = encode(options=ResponsesOptions(store=True))
    assert body == {"model": "gpt-6-sol", "store": True, "input": LEAST["input"]}
    assert encode(settings=Settings(extra={"store": True})) == body


def test_streaming_is_asked_for():
    assert added(encode(streaming=True)) == {"stream": True}


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        (Settings(max_tokens=99), {"max_output_tokens": 99}),
        (Settings(temperature=0.0, top_p=0.5), {"temperature": 0.0, "top_p": 0.5}),
        (Settings(reasoning_effort="none"), {"reasoning": {"effort": "none"}}),
        (Settings(reasoning_effort="max"), {"reasoning": {"effort": "max"}}),
        (Settings(service_tier="flex"), {"service_tier": "flex"}),
        (Settings(seed=7, prompt_caching=True), {}),
        (Settings(parallel_tool_calls=False), {}),
        (Settings(extra={"text": {"verbosity": "low"}}), {"text": {"verbosity": "low"}}),
    ],
)
def test_settings_as_fields(settings, sent):
    assert added(encode(settings=settings)) == sent


def test_a_summary_of_reasoning_is_an_option():
    options = ResponsesOptions(summary="auto")
    assert added(encode(options=options)) == {"reasoning": {"summary": "auto"}}
    body = encode(options=options, settings=Settings(reasoning_effort="low"))
    assert body["reasoning"] == {"effort": "low", "summary": "auto"}


def test_stop_texts_are_refused_in_one_sentence():
    with pytest.raises(UnsupportedRequest, match="no stop texts") as caught:
        encode(settings=Settings(stop=("END",)))
    assert (caught.value.provider, caught.value.model) == ("openai-responses", "gpt-6-sol")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_json_cannot_carry_are_refused(number):
    with pytest.raises(UnsupportedRequest, match="NaN"):
        encode(settings=Settings(extra={"temperature": number}))


def test_extra_wins_and_adds_to_objects():
    extra = {
        "reasoning": {"context": "current_turn"},
        "text": {"verbosity": "low"},
        "max_output_tokens": 5,
        "metadata": {"k": "v"},
    }
    output = OutputSchema(name="answer", schema=SCHEMA)
    settings = Settings(max_tokens=99, reasoning_effort="low", extra=extra)
    body = encode(output=output, settings=settings)
    assert body["reasoning"] == {"effort": "low", "context": "current_turn"}
    assert body["text"].keys() == {"format", "verbosity"}
    assert (body["max_output_tokens"], body["metadata"]) == (5, {"k": "v"})
    assert encode(settings=Settings(extra={"reasoning": None}))["reasoning"] is None


def test_input_and_tools_in_extra_stand_for_ours():
    extra = {"input": "raw", "tools": [{"type": "web_search"}]}
    body = encode(system="S", tools=[LOOKUP], settings=Settings(extra=extra))
    assert (body["input"], body["tools"], body["instructions"]) == ("raw", extra["tools"], "S")
    given = encode(system="S", settings=Settings(extra={"instructions": "mine"}))
    assert given["instructions"] == "mine"


def test_system_texts_are_instructions():
    body = encode(system("B"), user("hi"), system(""), system="A")
    assert added(body) == {"instructions": "A\n\nB"}


def test_system_text_alone_becomes_input():
    assert encode(system("only"))["input"] == [{"role": "developer", "content": "only"}]
    assert "instructions" not in encode(system("only"))


def test_tools_are_flat_and_say_that_they_are_not_strict():
    tools = encode(tools=[LOOKUP, CLOCK])["tools"]
    assert tools == [
        {
            "type": "function",
            "name": "lookup",
            "description": "Looks up.",
            "parameters": SCHEMA,
            "strict": False,
        },
        {
            "type": "function",
            "name": "clock",
            "description": "",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        },
    ]


def test_a_tool_is_encoded_once_in_a_run(monkeypatch):
    seen, fragments = [], Fragments()
    real = encode_module._tool
    monkeypatch.setattr(encode_module, "_tool", lambda *a: seen.append(a[0]) or real(*a))
    bodies = [encode(tools=[LOOKUP, CLOCK], fragments=fragments) for _ in range(3)]
    assert (bodies[0], len(seen)) == (bodies[2], 2)


@pytest.mark.parametrize(
    ("choice", "parallel", "sent"),
    [
        ("auto", None, {}),
        ("none", None, {"tool_choice": "none"}),
        ("required", True, {"tool_choice": "required", "parallel_tool_calls": True}),
        (
            LOOKUP,
            False,
            {
                "tool_choice": {"type": "function", "name": "lookup"},
                "parallel_tool_calls": False,
            },
        ),
    ],
)
def test_tool_choice_and_parallel_calls_only_with_tools(choice, parallel, sent):
    settings = Settings(parallel_tool_calls=parallel)
    body = encode(tools=[LOOKUP], tool_choice=choice, settings=settings)
    assert {n: v for n, v in added(body).items() if n != "tools"} == sent
    assert added(encode(tool_choice=choice, settings=settings)) == {}


@pytest.mark.parametrize("strict", [True, False])
def test_an_output_schema_is_a_flat_text_format_with_its_strictness(strict):
    output = OutputSchema(name="answer", schema=SCHEMA, description="It.", strict=strict)
    assert added(encode(output=output)) == {
        "text": {
            "format": {
                "type": "json_schema",
                "name": "answer",
                "schema": SCHEMA,
                "description": "It.",
                "strict": strict,
            }
        }
    }
    bare = OutputSchema(name="answer", schema=SCHEMA)
    assert "description" not in encode(output=bare)["text"]["format"]


def test_lone_surrogates_become_question_marks():
    body = encode(user("a\ud800"), system="\udfff", tools=[LOOKUP])
    assert (body["input"][0]["content"], body["instructions"]) == ("a?", "?")


def test_the_wire_takes_schemas_natively_and_tools():
    capabilities, mode = ResponsesWire().describe("gpt-6-sol")
    assert (mode, capabilities.tools) == (OutputMode.NATIVE, True)
    assert capabilities.vision is None
