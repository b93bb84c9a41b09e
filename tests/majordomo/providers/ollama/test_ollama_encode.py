"""Requests in the words of `/api/chat`: options, thinking, tools, output, system text."""

import json

import pytest

from executus.testing.server.ollama_rules import find_broken_rule
from majordomo.errors import UnsupportedRequest
from majordomo.llm import OutputSchema, Request, Settings, Tool, system, user
from majordomo.llm.fragments import Fragments
from majordomo.llm.output import OutputMode, lower_output
from majordomo.llm.response import Target
from majordomo.providers.ollama import OllamaOptions, OllamaWire
from majordomo.providers.ollama import encode as encode_module

TARGET = Target("ollama", "qwen3:8b")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
OUTPUT = OutputSchema(name="answer", schema=SCHEMA)
LEAST = {
    "model": "qwen3:8b",
    "stream": False,
    "messages": [{"role": "user", "content": "hi"}],
}


async def never(_arguments, _context):
    raise AssertionError


LOOKUP = Tool(name="lookup", description="Looks up.", parameters=SCHEMA, invoke=never)
CLOCK = Tool(name="clock", description="", parameters={"type": "object"}, invoke=never)


def encode(*messages, options=None, streaming=False, target=TARGET, **fields):
    request = Request(messages=messages or (user("hi"),), **fields)
    wire = OllamaWire(options or OllamaOptions())
    lowered = lower_output(request, wire.describe(target.model)[1])
    call = wire.encode(lowered, target, streaming=streaming)
    assert (call.path, call.headers) == ("/api/chat", ())

    def once(pairs):
        assert len(dict(pairs)) == len(pairs), f"a field is said twice: {pairs}"
        return dict(pairs)

    body = json.loads(call.body, parse_constant=pytest.fail, object_pairs_hook=once)
    assert find_broken_rule(body) is None
    return body


def added(body):
    """What a body has beyond the least."""
    return {name: value for name, value in body.items() if LEAST.get(name) != value}


def settings(**fields):
    return added(encode(settings=Settings(**fields)))


def test_the_least_request_says_that_it_does_not_stream():
    assert encode() == LEAST
    assert added(encode(streaming=True)) == {"stream": True}


def test_settings_become_options():
    assert settings(max_tokens=9, temperature=0.5, top_p=0.9, seed=7, stop=("a", "b")) == {
        "options": {
            "num_predict": 9,
            "temperature": 0.5,
            "top_p": 0.9,
            "seed": 7,
            "stop": ["a", "b"],
        }
    }


def test_zero_is_a_setting():
    assert settings(temperature=0, seed=0) == {"options": {"temperature": 0, "seed": 0}}


def test_settings_without_a_word_here_are_left_out():
    assert settings(parallel_tool_calls=False, prompt_caching=True, service_tier="flex") == {}


def test_options_of_the_endpoint_are_sent_with_every_request():
    options = OllamaOptions(num_ctx=32768, keep_alive="10m", truncate=False)
    assert added(encode(options=options)) == {
        "options": {"num_ctx": 32768},
        "keep_alive": "10m",
        "truncate": False,
    }
    assert added(encode(options=OllamaOptions(keep_alive=0))) == {"keep_alive": 0}


def test_extra_wins_and_adds_to_the_options():
    body = encode(
        options=OllamaOptions(num_ctx=8, keep_alive="1m"),
        settings=Settings(
            seed=1, extra={"options": {"num_ctx": 16, "top_k": 3}, "keep_alive": -1, "shift": False}
        ),
    )
    assert added(body) == {
        "options": {"num_ctx": 16, "seed": 1, "top_k": 3},
        "keep_alive": -1,
        "shift": False,
    }


def test_extra_may_hold_tools_messages_and_format():
    extra = {"tools": [], "messages": [{"role": "user", "content": "x"}], "format": "json"}
    body = encode(tools=[LOOKUP], settings=Settings(extra=extra))
    assert added(body) == extra
    assert encode(output=OUTPUT, settings=Settings(extra={"format": ""}))["format"] == ""


THINK = {
    # effort: (a thinking model, gpt-oss)
    None: (None, None),
    "none": (False, "low"),
    "minimal": ("low", "low"),
    "low": ("low", "low"),
    "medium": ("medium", "medium"),
    "high": ("high", "high"),
    "xhigh": ("high", "high"),
    "max": ("max", "high"),
}


@pytest.mark.parametrize(("effort", "expected"), THINK.items())
def test_effort_becomes_a_level_the_model_knows(effort, expected):
    for models, value in zip(
        [("qwen3:8b", "x/deepseek-r1"), ("gpt-oss:20b", "gpt-oss:120b-cloud", "me/GPT-OSS")],
        expected,
        strict=True,
    ):
        for model in models:
            asked = Settings(reasoning_effort=effort)
            body = encode(settings=asked, target=Target("ollama", model))
            assert body.get("think") is value or body.get("think") == value
            assert ("think" in body) is (effort is not None)


def test_tools_are_functions_with_properties():
    assert encode(tools=[LOOKUP, CLOCK])["tools"] == [
        {
            "type": "function",
            "function": {"name": "lookup", "description": "Looks up.", "parameters": SCHEMA},
        },
        {
            "type": "function",
            "function": {
                "name": "clock",
                "description": "",
                "parameters": {"type": "object", "properties": {}},
            },
        },
    ]


def test_what_the_root_of_a_schema_cannot_say_joins_the_description():
    tool = Tool(
        name="x",
        description="Does it.",
        parameters={"type": "object", "properties": {}, "minProperties": 1},
        invoke=never,
    )
    assert encode(tools=[tool])["tools"][0]["function"]["description"] == (
        "Does it. (minProperties: 1)"
    )


def test_a_choice_of_none_offers_no_tools():
    assert encode(tools=[LOOKUP], tool_choice="none") == LEAST


def test_a_required_call_is_asked_for_in_words():
    body = encode(tools=[LOOKUP, CLOCK], tool_choice="required", system="Be brief.")
    assert len(body["tools"]) == 2
    assert body["messages"][0] == {
        "role": "system",
        "content": "Be brief.\n\nAnswer by calling one of the tools.",
    }
    assert encode(tool_choice="required") == LEAST


def test_a_named_tool_is_the_only_one_offered():
    body = encode(tools=[LOOKUP, CLOCK], tool_choice=CLOCK)
    assert [tool["function"]["name"] for tool in body["tools"]] == ["clock"]
    assert body["messages"][0]["content"] == "Answer by calling the tool clock."


@pytest.mark.parametrize("model", ["qwen3:8b", "qwen3-coder:480b-cloud"])
def test_an_output_schema_is_a_format_and_an_instruction(model):
    body = encode(output=OUTPUT, system="Be brief.", target=Target("ollama", model))
    assert body["format"] == SCHEMA
    said = body["messages"][0]["content"]
    assert said.startswith("Be brief.\n\n")
    assert json.dumps(SCHEMA, separators=(",", ":")) in said


def test_beside_tools_an_output_schema_is_only_an_instruction():
    """A grammar would keep the model from calling them."""
    body = encode(output=OUTPUT, tools=[LOOKUP])
    assert "format" not in body
    assert '"required":["a"]' in body["messages"][0]["content"]
    last = encode(output=OUTPUT, tools=[LOOKUP], tool_choice="none")
    assert last["format"] == SCHEMA


def test_all_system_text_leads():
    body = encode(user("a"), system("later"), user("b"), system="first")
    assert body["messages"] == [
        {"role": "system", "content": "first\n\nlater"},
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b"},
    ]


def test_without_messages_the_model_is_only_loaded():
    request = Request(messages=(), settings=Settings(extra={"keep_alive": 0}))
    body = json.loads(OllamaWire().encode(request, TARGET, streaming=False).body)
    assert body == {"model": "qwen3:8b", "stream": False, "keep_alive": 0, "messages": []}


@pytest.mark.parametrize(
    "fields",
    [{"extra": {"y": float("nan")}}, {"extra": {"x": float("inf")}}],
)
def test_numbers_json_cannot_carry_are_refused(fields):
    with pytest.raises(UnsupportedRequest) as caught:
        encode(settings=Settings(**fields))
    assert (caught.value.provider, caught.value.model) == ("ollama", "qwen3:8b")


def test_lone_surrogates_do_not_break_the_request():
    assert encode(user("a\ud800b"))["messages"][0]["content"] == "a?b"


def test_tools_are_encoded_once_per_run(monkeypatch):
    fragments = Fragments()
    first = encode(tools=[LOOKUP], fragments=fragments)
    monkeypatch.setattr(encode_module, "tool_parameters", pytest.fail)
    assert encode(tools=[LOOKUP], fragments=fragments) == first


def test_a_wire_describes_what_its_endpoint_takes():
    def described(model="qwen3:8b", **options):
        return OllamaWire(OllamaOptions(**options)).describe(model)

    capabilities, mode = described(constrained=True, num_ctx=4096)
    assert mode is OutputMode.JSON_OBJECT
    assert capabilities.structured_output is True
    assert capabilities.context_tokens == 4096
    assert capabilities.image_mimes == {"image/png", "image/jpeg"}
    assert capabilities.max_image_pixels == 2048
    assert (capabilities.vision, capabilities.tools) == (None, None)
    for model in ("minimax-m2.7:cloud", "qwen3-coder:480b-cloud"):
        assert described(model, constrained=True)[0].structured_output is False
    assert described()[0].structured_output is None
