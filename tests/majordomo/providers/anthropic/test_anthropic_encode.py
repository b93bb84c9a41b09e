"""Request bodies: one golden piece per feature."""

import json

import pytest

from majordomo.errors import UnsupportedRequest
from majordomo.llm import OutputSchema, Request, Settings, Target, Tool, assistant, system, user
from majordomo.llm import ToolCallPart as Call
from majordomo.llm.output import OutputMode
from majordomo.providers.anthropic import AnthropicOptions, AnthropicWire

NEWEST = "claude-opus-5-5"
MODELS = {
    "claude-opus-5-5": ("adaptive", None, False),
    "claude-sonnet-5-5": ("adaptive", "between_tools", False),
    "claude-haiku-5-5": ("adaptive", None, False),
    "claude-fable-5": ("adaptive", None, False),
    "claude-mythos-5-2": ("adaptive", None, False),
    "claude-opus-6-20270101": ("adaptive", None, False),
    "claude-opus-5": ("adaptive", "disabled", True),
    "claude-sonnet-5-20260301": ("adaptive", "disabled", True),
    "claude-opus-4-8": ("adaptive", "disabled", True),
    "claude-opus-4-7": ("adaptive", "disabled", True),
    "claude-sonnet-4-6": ("adaptive", "disabled", True),
    "claude-haiku-4-5-20251001": ("enabled", "disabled", True),
    "anthropic/claude-sonnet-4.5": ("enabled", "disabled", True),
    "claude-opus-4-5": ("enabled", "disabled", True),
    "claude-opus-4-1-20250805": ("enabled", "disabled", True),
    "claude-sonnet-4@20250514": ("enabled", "disabled", True),
    "claude-3-7-sonnet-latest": ("enabled", "disabled", True),
    "claude-3-5-haiku-20241022": (None, None, True),
    "glm-5": ("enabled", "disabled", True),
}
EVERY_MODEL = pytest.mark.parametrize("model", MODELS)


def make_tool(name="lookup", description="Looks things up."):
    schema = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
    return Tool(name=name, description=description, parameters=schema, invoke=None)


LOOKUP = make_tool()
LOOKUP_SENT = {
    "name": "lookup",
    "description": "Looks things up.",
    "input_schema": {
        "type": "object",
        "properties": {"q": {"type": "string"}},
        "required": ["q"],
    },
}


def encode(model=NEWEST, *, streaming=False, options=AnthropicOptions(), **fields):
    request = Request(**{"messages": [user("hi")], **fields})
    target = Target("anthropic", model)
    return AnthropicWire(options).encode(request, target, streaming=streaming)


def body_of(model=NEWEST, **fields):
    return json.loads(encode(model, **fields).body)


def with_settings(model=NEWEST, **settings):
    return body_of(model, settings=Settings(**settings))


HI = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]


def test_the_least_request():
    call = encode()
    assert call.path == "/v1/messages"
    assert call.headers == (("anthropic-version", "2023-06-01"),)
    assert json.loads(call.body) == {"model": NEWEST, "max_tokens": 16384, "messages": HI}


def test_version_betas_and_default_cap_are_options():
    options = AnthropicOptions(api_version="2026-10-21", betas=("a", "b"), default_max_tokens=7)
    call = encode(options=options)
    assert call.headers == (("anthropic-version", "2026-10-21"), ("anthropic-beta", "a,b"))
    assert json.loads(call.body)["max_tokens"] == 7


def test_options_can_be_a_key():
    assert hash(AnthropicOptions()) == hash(AnthropicOptions(betas=()))


def test_streaming_is_asked_for():
    assert body_of(streaming=True)["stream"] is True
    assert "stream" not in body_of()


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({"max_tokens": 0}, {"max_tokens": 0}),
        ({"temperature": 0.0}, {"temperature": 0.0}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"stop": ("a", "b")}, {"stop_sequences": ["a", "b"]}),
        ({"seed": 3}, {}),
        ({"service_tier": "standard_only"}, {"service_tier": "standard_only"}),
        ({"prompt_caching": True}, {"cache_control": {"type": "ephemeral"}}),
        ({"prompt_caching": False}, {}),
        ({"parallel_tool_calls": False}, {}),
        ({"extra": {"top_k": 5, "max_tokens": 9}}, {"top_k": 5, "max_tokens": 9}),
        ({"extra": {"messages": [], "system": "s"}}, {"messages": [], "system": "s"}),
    ],
)
def test_settings(settings, sent):
    plain = {"model": NEWEST, "max_tokens": 16384, "messages": HI}
    assert with_settings(**settings) == {**plain, **sent}


def test_extra_wins_over_everything_without_a_field_said_twice():
    extra = {"system": "mine", "tools": [{"type": "web_search"}], "messages": [], "model": "m"}
    call = encode(system="ours", tools=[LOOKUP], settings=Settings(extra=extra))
    assert json.loads(call.body, object_pairs_hook=list) == [
        ("model", "m"),
        ("max_tokens", 16384),
        ("system", "mine"),
        ("tools", [[("type", "web_search")]]),
        ("messages", []),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"extra": {"temperature": float("nan")}},
        {"extra": {"top_p": float("inf")}},
        {"stop": ("\n\n",)},
    ],
)
def test_values_without_a_form_are_refused(settings):
    with pytest.raises(UnsupportedRequest) as caught:
        with_settings(**settings)
    assert (caught.value.provider, caught.value.model) == ("anthropic", NEWEST)


def test_system_texts_are_joined_at_the_top():
    messages = [system("one"), user("hi"), system("two"), system("  ")]
    body = body_of(system="zero", messages=messages)
    assert body["system"] == "zero\n\none\n\ntwo"
    assert body["messages"] == HI
    assert "system" not in body_of(system="  ")


def test_lone_surrogates_become_question_marks():
    call = Call(id="c\ud800", name="lookup", arguments='{"q":"\ud800"}')
    body = body_of(system="s\ud800", messages=[user("u\ud800"), assistant("a\ud800", call)])
    assert body["system"] == "s?"
    assert body["messages"][0]["content"][0]["text"] == "u?"
    assert body["messages"][1]["content"][0]["text"] == "a?"


@EVERY_MODEL
def test_thinking_hard(model):
    thinking, _, _ = MODELS[model]
    body = with_settings(model, reasoning_effort="high")
    if thinking == "adaptive":
        assert body["thinking"] == {"type": "adaptive"}
        assert body["output_config"] == {"effort": "high"}
        assert body["max_tokens"] == 16384
    elif thinking == "enabled":
        assert body["thinking"] == {"type": "enabled", "budget_tokens": 16384}
        assert "output_config" not in body
        assert body["max_tokens"] > 16384
    else:
        assert not {"thinking", "output_config"} & body.keys()


@EVERY_MODEL
def test_thinking_not_at_all(model):
    thinking, off, _ = MODELS[model]
    body = with_settings(model, reasoning_effort="none")
    assert body.get("thinking") == ({"type": off} if off else None)
    always = thinking == "adaptive" and off != "disabled"
    assert body.get("output_config") == ({"effort": "low"} if always else None)


@pytest.mark.parametrize(
    ("effort", "adaptive", "budget"),
    [
        ("minimal", "low", 1024),
        ("low", "low", 1024),
        ("medium", "medium", 4096),
        ("high", "high", 16384),
        ("xhigh", "xhigh", 32768),
        ("max", "max", 32768),
    ],
)
def test_effort_levels(effort, adaptive, budget):
    assert with_settings(reasoning_effort=effort)["output_config"] == {"effort": adaptive}
    body = with_settings("claude-haiku-4-5", reasoning_effort=effort, max_tokens=2000)
    assert body["thinking"]["budget_tokens"] == budget
    assert body["max_tokens"] == (2000 if budget < 2000 else 2000 + budget)


def test_tools():
    body = body_of(tools=[LOOKUP, make_tool("bare", "")])
    assert body["tools"] == [
        LOOKUP_SENT,
        {"name": "bare", "input_schema": LOOKUP_SENT["input_schema"]},
    ]
    assert "tool_choice" not in body


FREE, BOUND = "claude-opus-4-8", NEWEST


@pytest.mark.parametrize(
    ("model", "choice", "settings", "sent", "words"),
    [
        (FREE, "auto", {}, None, None),
        (FREE, "none", {}, {"type": "none"}, None),
        (FREE, "required", {}, {"type": "any"}, None),
        (FREE, LOOKUP, {}, {"type": "tool", "name": "lookup"}, None),
        (BOUND, "none", {}, {"type": "none"}, None),
        (BOUND, "required", {}, None, "Answer by calling one of the tools."),
        (BOUND, LOOKUP, {}, None, "Answer by calling the tool lookup."),
        # A model that thinks refuses to be forced.
        (
            FREE,
            "required",
            {"reasoning_effort": "low"},
            None,
            "Answer by calling one of the tools.",
        ),
        (FREE, "required", {"reasoning_effort": "none"}, {"type": "any"}, None),
        (
            FREE,
            "required",
            {"extra": {"thinking": {"type": "enabled", "budget_tokens": 1024}}},
            None,
            "Answer by calling one of the tools.",
        ),
        (FREE, "auto", {"parallel_tool_calls": True}, None, None),
        (
            FREE,
            "auto",
            {"parallel_tool_calls": False},
            {"type": "auto", "disable_parallel_tool_use": True},
            None,
        ),
        (
            FREE,
            LOOKUP,
            {"parallel_tool_calls": False},
            {"type": "tool", "name": "lookup", "disable_parallel_tool_use": True},
            None,
        ),
        (FREE, "none", {"parallel_tool_calls": False}, {"type": "none"}, None),
    ],
)
def test_tool_choice(model, choice, settings, sent, words):
    body = body_of(model, tools=[LOOKUP], tool_choice=choice, settings=Settings(**settings))
    assert body.get("tool_choice") == sent
    assert body.get("system") == words


@EVERY_MODEL
def test_forcing_a_choice_depends_on_the_family(model):
    body = body_of(model, tools=[LOOKUP], tool_choice="required")
    assert ("tool_choice" in body) is MODELS[model][2]
    assert ("system" in body) is not MODELS[model][2]


def test_tools_of_the_history_stay_declared_and_are_not_to_be_called():
    calls = [Call(id="1", name="lookup"), Call(id="2", name="a.b"), Call(id="3", name="lookup")]
    body = body_of(messages=[user("hi"), assistant(*calls)])
    assert [tool["name"] for tool in body["tools"]] == ["lookup", "a_b"]
    assert all(tool["input_schema"]["type"] == "object" for tool in body["tools"])
    assert body["tool_choice"] == {"type": "none"}


def test_tools_in_extra_are_left_alone():
    extra = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    history = [user("hi"), assistant(Call(id="1", name="lookup"))]
    body = body_of(messages=history, settings=Settings(extra=extra))
    assert body["tools"] == extra["tools"]
    assert "tool_choice" not in body


POINT = {
    "type": "object",
    "properties": {"x": {"type": "integer", "minimum": 0}},
    "required": ["x"],
}


def test_an_output_schema_is_native():
    body = body_of(
        output=OutputSchema(name="Point", schema=POINT),
        settings=Settings(reasoning_effort="low"),
    )
    assert body["output_config"] == {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {"x": {"type": "integer", "description": "(minimum: 0)"}},
                "required": ["x"],
                "additionalProperties": False,
            },
        },
    }
    assert "tools" not in body


def test_a_schema_without_native_form_becomes_an_instruction():
    free = {"type": "object", "additionalProperties": {"type": "integer"}}
    body = body_of(system="Count.", output=OutputSchema(name="Counts", schema=free))
    assert "output_config" not in body
    assert body["system"].startswith("Count.\n\nAnswer with one JSON value")
    assert '{"type":"object","additionalProperties":{"type":"integer"}}' in body["system"]


@EVERY_MODEL
def test_a_model_s_description(model):
    capabilities, mode = AnthropicWire().describe(model)
    old = model in (
        "claude-opus-4-1-20250805",
        "claude-sonnet-4@20250514",
        "claude-3-7-sonnet-latest",
        "claude-3-5-haiku-20241022",
        "glm-5",
    )
    assert mode is (OutputMode.INSTRUCTION if old else OutputMode.NATIVE)
    assert capabilities.structured_output is not old
    assert capabilities.image_mimes == {"image/png", "image/jpeg", "image/gif", "image/webp"}
    # 5 MB of base64 is what the server counts.
    assert capabilities.max_image_bytes * 4 / 3 <= 5 * 1024 * 1024


def test_the_key_goes_into_one_header():
    assert AnthropicWire().auth("k") == (("x-api-key", "k"),)
    bearer = AnthropicWire(AnthropicOptions(bearer=True))
    assert bearer.auth("k") == (("authorization", "Bearer k"),)
