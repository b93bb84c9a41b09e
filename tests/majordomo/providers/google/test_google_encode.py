"""Requests: paths, settings, tools, output schemas, and what a caller adds."""

import json

import pytest

from majordomo.errors import UnsupportedRequest
from majordomo.llm import (
    Fragments,
    OutputSchema,
    Request,
    Settings,
    Target,
    Tool,
    ToolCallPart,
    assistant,
    system,
    tool,
    tool_result,
    user,
)
from majordomo.providers.google import GoogleWire

NEW = Target("google", "gemini-3.8-flash")
OLD = Target("google", "gemini-2.5-flash")
HI = user("hi")


@tool(inline=True)
def add(a: int, b: int = 2) -> int:
    """Add two integers."""
    return a + b


@tool(inline=True)
def now() -> str:
    """Tell the time."""
    return "noon"


PERSON = OutputSchema(
    name="person",
    schema={
        "type": "object",
        "properties": {"name": {"type": "string", "title": "Name"}},
        "required": ["name"],
        "additionalProperties": False,
    },
)
PERSON_SENT = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
FREE = OutputSchema(
    name="free",
    schema={"type": "object", "additionalProperties": {"type": "integer"}},
)


def body(target=NEW, messages=(HI,), **fields):
    request = Request(messages=messages, **fields)
    return json.loads(GoogleWire().encode(request, target, streaming=False).body)


def config(target=NEW, **settings):
    return body(target, settings=Settings(**settings)).get("generationConfig")


def test_the_least_request():
    assert body() == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gemini-3.8-flash", "models/gemini-3.8-flash"),
        ("models/gemini-3.8-flash", "models/gemini-3.8-flash"),
        ("tunedModels/mine-1", "tunedModels/mine-1"),
        ("a b?c:d", "models/a%20b%3Fc%3Ad"),
    ],
)
def test_paths(model, name):
    request = Request(messages=[HI])
    for version in ("v1beta", "v1"):
        wire, target = GoogleWire(version), Target("google", model)
        whole = wire.encode(request, target, streaming=False)
        assert whole.path == f"/{version}/{name}:generateContent"
        streamed = wire.encode(request, target, streaming=True)
        assert streamed.path == f"/{version}/{name}:streamGenerateContent?alt=sse"
        assert streamed.body == whole.body


def test_all_system_text_is_one_instruction():
    sent = body(messages=[system("a"), HI, system(" "), system("b")], system="first")
    assert sent["systemInstruction"] == {"parts": [{"text": "first\n\na\n\nb"}]}


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_system_text_is_not_sent(text):
    assert "systemInstruction" not in body(system=text)


SETTINGS = {
    "max_tokens": (5, {"maxOutputTokens": 5}),
    "temperature": (0.0, {"temperature": 0.0}),
    "top_p": (0.5, {"topP": 0.5}),
    "stop": (("a", "b"), {"stopSequences": ["a", "b"]}),
    "seed": (0, {"seed": 0}),
    "prompt_caching": (True, None),
    "parallel_tool_calls": (False, None),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(name):
    value, expected = SETTINGS[name]
    assert config(**{name: value}) == expected


def test_the_service_tier_stands_at_the_top():
    assert body(settings=Settings(service_tier="flex"))["serviceTier"] == "flex"


def test_more_stop_texts_than_the_wire_takes_are_refused():
    assert len(config(stop=tuple("abcde"))["stopSequences"]) == 5
    with pytest.raises(UnsupportedRequest, match="at most 5 stop texts, not 6"):
        config(stop=tuple("abcdef"))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_json_cannot_carry_are_refused(value):
    with pytest.raises(UnsupportedRequest, match="infinite number or NaN"):
        config(extra={"temperature": value})


# model: effort -> thinkingConfig
LEVELS = {"low": "LOW", "medium": "MEDIUM", "high": "HIGH", "xhigh": "HIGH", "max": "HIGH"}
LEAST_LOW = {"none": "LOW", "minimal": "LOW", **LEVELS}
LEAST_MINIMAL = {"none": "MINIMAL", "minimal": "MINIMAL", **LEVELS}
THINKING = {
    "gemini-3.8-flash": LEAST_LOW,
    "models/gemini-3.8-flash": LEAST_LOW,
    "gemini-3.7-flash": LEAST_LOW,
    "gemini-3.1-pro-preview": LEAST_LOW,
    "gemini-3-pro-preview": LEAST_LOW,
    "gemini-4-flash": LEAST_LOW,
    "gemini-flash-latest": LEAST_LOW,
    "gemini-3.6-flash": LEAST_MINIMAL,
    "gemini-3.5-flash": LEAST_MINIMAL,
    "gemini-3.5-flash-lite": LEAST_MINIMAL,
    "gemini-3.1-flash-lite": LEAST_MINIMAL,
    "gemini-3-flash-preview": LEAST_MINIMAL,
    "gemini-2.5-pro": {
        "none": 128,
        "minimal": 512,
        "low": 1024,
        "medium": 8192,
        "high": 16_384,
        "xhigh": 32_768,
        "max": 32_768,
    },
    "gemini-2.5-flash": {"none": 0, "minimal": 512, "low": 1024, "xhigh": 24_576, "max": 24_576},
    "gemini-2.5-flash-lite": {"none": 0, "minimal": 512, "high": 16_384, "max": 24_576},
}


@pytest.mark.parametrize(
    ("model", "effort", "value"),
    [(model, effort, value) for model, all in THINKING.items() for effort, value in all.items()],
)
def test_thinking(model, effort, value):
    thinking = config(Target("google", model), reasoning_effort=effort)["thinkingConfig"]
    name = "thinkingLevel" if isinstance(value, str) else "thinkingBudget"
    shown = {} if effort == "none" else {"includeThoughts": True}
    assert thinking == {name: value, **shown}


@pytest.mark.parametrize("model", ["gemini-2.0-flash", "gemini-1.5-pro", "gemini-pro", "gemma-3"])
@pytest.mark.parametrize("effort", ["none", "high"])
def test_models_that_do_not_think_are_not_asked_to(model, effort):
    assert config(Target("google", model), reasoning_effort=effort) is None


def test_nothing_is_said_of_thinking_when_nothing_is_asked():
    assert config() is None


def test_tools():
    sent = body(tools=[add, now])
    assert sent["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "add",
                    "description": "Add two integers.",
                    "parametersJsonSchema": {
                        "type": "object",
                        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                        "required": ["a"],
                        "additionalProperties": False,
                    },
                },
                {"name": "now", "description": "Tell the time."},
            ]
        }
    ]
    assert "toolConfig" not in sent


def test_a_tool_with_free_arguments_keeps_its_schema():
    async def handler(arguments):
        return arguments

    schema = {"type": "object", "additionalProperties": True}
    sent = body(tools=[Tool.from_schema("free", "", schema, handler)])
    assert sent["tools"][0]["functionDeclarations"] == [
        {"name": "free", "parametersJsonSchema": schema}
    ]


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        (add, {"mode": "ANY", "allowedFunctionNames": ["add"]}),
    ],
)
def test_tool_choices(choice, calling):
    sent = body(tools=[add, now], tool_choice=choice)
    assert sent["toolConfig"] == {"functionCallingConfig": calling}
    assert "toolConfig" not in body(tool_choice=choice)


def test_a_tool_is_encoded_once_in_a_run():
    fragments, reads = Fragments(), []

    class Watched(dict):
        def get(self, *args):
            reads.append(args)
            return super().get(*args)

    async def handler(arguments):
        return arguments

    watched = Tool.from_schema("t", "", Watched(type="object"), handler)
    reads.clear()
    body(tools=[watched], fragments=fragments)
    once = len(reads)
    assert body(tools=[watched], fragments=fragments) == body(tools=[watched])
    assert once > 0
    assert len(reads) == 2 * once  # the second time without the run's memory


def test_an_output_schema():
    assert body(output=PERSON)["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": PERSON_SENT,
    }


def test_an_output_schema_beside_tools_is_for_newer_models():
    newer = body(output=PERSON, tools=[add])
    assert newer["generationConfig"]["responseJsonSchema"] == PERSON_SENT
    older = body(OLD, output=PERSON, tools=[add])
    assert "generationConfig" not in older
    assert "JSON Schema" in older["systemInstruction"]["parts"][0]["text"]
    assert body(OLD, output=PERSON)["generationConfig"]["responseJsonSchema"] == PERSON_SENT


@pytest.mark.parametrize("choice", ["required", add])
def test_an_output_schema_beside_a_forced_call_is_said_in_words(choice):
    sent = body(output=PERSON, tools=[add], tool_choice=choice, system="Be.")
    assert "generationConfig" not in sent
    assert sent["systemInstruction"]["parts"][0]["text"].startswith("Be.\n\nAnswer with one JSON")


def test_a_schema_gemini_would_answer_emptily_is_said_in_words():
    sent = body(output=FREE)
    assert "generationConfig" not in sent
    assert "JSON Schema" in sent["systemInstruction"]["parts"][0]["text"]


def test_extra_fields_are_sent_as_they_are_and_win():
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    extra = {"safetySettings": safety, "serviceTier": "priority", "systemInstruction": {"x": 1}}
    sent = body(system="Be.", settings=Settings(service_tier="flex", extra=extra))
    assert sent == {**body(), **extra}


def test_extra_contents_and_tools_replace_ours():
    extra = {"tools": [{"googleSearch": {}}], "contents": []}
    sent = body(tools=[add], settings=Settings(extra=extra))
    assert sent == extra


def test_extra_generation_settings_are_merged_with_ours():
    given = {"topK": 3, "temperature": 1.5, "thinkingConfig": {"thinkingLevel": "XHIGH"}}
    extra = {"generationConfig": given}
    assert config(max_tokens=5, temperature=0.1, reasoning_effort="low", extra=extra) == {
        "maxOutputTokens": 5,
        **given,
    }
    assert given == {"topK": 3, "temperature": 1.5, "thinkingConfig": {"thinkingLevel": "XHIGH"}}


def test_an_own_response_schema_excludes_ours():
    extra = {"generationConfig": {"responseSchema": {"type": "STRING"}}}
    assert body(output=PERSON, settings=Settings(extra=extra))["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseSchema": {"type": "STRING"},
    }
    assert config(extra=extra) == {"responseSchema": {"type": "STRING"}}


def test_a_cached_content_holds_system_text_and_tools_already():
    extra = {"cachedContent": "cachedContents/abc"}
    sent = body(
        system="Be.", tools=[add], tool_choice="required", settings=Settings(extra=extra, seed=1)
    )
    assert sent == {**body(), **extra, "generationConfig": {"seed": 1}}


def paused(text, token):
    wire = GoogleWire()
    candidate = {
        "content": {"parts": [{"text": text}]},
        "finishReason": "CONTINUATION",
        "continuationToken": token,
    }
    from majordomo.providers.wire import ResponseMeta

    return wire.decode({"candidates": [candidate]}, ResponseMeta(target=NEW)).message


def test_an_unfinished_turn_is_continued_by_the_same_request():
    before = body(system="Be.", tools=[add])
    first, second = paused("a", "t1"), paused("b", "t2")
    once = body(messages=[HI, first], system="Be.", tools=[add])
    assert once == {**before, "continuationToken": "t1"}
    twice = body(messages=[HI, first, second], system="Be.", tools=[add])
    assert twice == {**before, "continuationToken": "t2"}


def test_a_continued_turn_is_one_turn_afterwards():
    messages = [HI, paused("a", "t1"), assistant("b"), user("so?")]
    assert body(messages=messages)["contents"] == [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "user", "parts": [{"text": "so?"}]},
    ]
    assert "continuationToken" not in body(messages=messages)


def test_a_continued_turn_is_joined_right_in_one_run():
    fragments, messages = Fragments(), [HI]
    for message in (paused("a", "t1"), assistant("b"), user("so?"), assistant("yes")):
        body(messages=messages, fragments=fragments)
        messages.append(message)
    assert body(messages=messages, fragments=fragments) == body(messages=messages)


def test_an_unfinished_turn_of_another_model_is_not_continued():
    sent = body(OLD, messages=[HI, paused("a", "t1")])
    assert "continuationToken" not in sent
    assert sent["contents"][1] == {"role": "model", "parts": [{"text": "a"}]}


def test_a_run_of_calls_is_sent_the_same_ever_after():
    fragments, messages, before = Fragments(), [HI], []
    for turn in range(6):
        contents = body(messages=messages, tools=[add], fragments=fragments)["contents"]
        assert contents[: len(before)] == before
        before = contents
        call = ToolCallPart(id=f"c{turn}", name="add", arguments='{"a":1}')
        messages += [assistant(call), tool_result(call, "3")]
