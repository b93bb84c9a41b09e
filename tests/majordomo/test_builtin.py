"""The default registry: what the environment configures, and when it is read."""

from dataclasses import fields, replace
from typing import NamedTuple

import pytest
from leaks import everything_shown

from executus.testing import FakeClock, LoopbackServer
from executus.testing.server import (
    LlamaSwapServer,
    Turn,
    anthropic_text,
    image_answer,
    openai_error,
    openai_stream,
    openai_text,
)
from majordomo.builtin import DEFAULT_REGISTRY, PRESETS, default_registry, parse, resolve
from majordomo.chain import Attempt, ChainExhausted, ChainPolicy, Skip
from majordomo.dsn import DSNError
from majordomo.errors import APIError, ConfigError, ErrorKind, UnknownModel
from majordomo.health import HealthTracker
from majordomo.imagegen import ImageRequest
from majordomo.llm import ImagePart, OutputSchema, Request, Settings, system, user
from majordomo.llm.output import OutputMode
from majordomo.models import Source
from majordomo.providers.fake import Delay, FakeProvider
from majordomo.providers.openai import Dialect

ASK = Request(messages=[user("hi")])
SHORT = Request(messages=[system("be brief"), user("hi")], settings=Settings(max_tokens=7))
PNG = ImagePart(data=b"\x89PNG\r\n\x1a\n", mime="image/png")
LOOK = Request(messages=[user("what is this?", PNG)])


def declared(server, scheme, *, credentials="", rest="", options=""):
    """A declaration of the server."""
    where = server.url.removeprefix("http://")
    return f"{scheme}://{credentials}{where}{rest}?tls=0{'&' if options else ''}{options}"


async def drained(model, request):
    async with model.stream(request) as stream:
        return await stream.response()


async def test_a_key_set_after_a_first_failure_is_found():
    environ = {}
    registry = default_registry(environ)
    with pytest.raises(APIError, match="set OPENAI_API_KEY"):
        await registry.parse("openai/gpt-6-sol").complete(Request(messages=[user("hi")]))
    environ["OPENAI_API_KEY"] = "sk-late"
    assert not registry.provider("openai").access.missing
    assert registry.provider("openai") is registry.provider("openai")


def test_the_environment_names_bases_and_keys():
    registry = default_registry(
        {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1/", "OPENAI_ORG_ID": "o"}
    )
    endpoint = registry.provider("openai").endpoint
    assert endpoint.base_url == "http://127.0.0.1:1/v1"
    assert ("openai-organization", "o") in endpoint.headers
    assert default_registry({}).provider("anthropic").endpoint.base_url.startswith("https://")


def test_a_models_id_is_taken_as_it_is():
    registry = default_registry({})
    target = registry.parse("openai:meta-llama/llama-4:free").target
    assert (target.provider, target.model) == ("openai", "meta-llama/llama-4:free")


def test_the_offline_model_is_meant_by_its_providers_name():
    assert str(resolve("fake").target) == "fake/offline"
    model = FakeProvider().model("m")
    assert resolve(model) is model


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("opnai/gpt-6", "did you mean 'openai/gpt-6'"),
        ("openai", "name a model of openai, as in openai/MODEL"),
        ("openai/", "name a model of openai"),
        ("nobody/x", "registered providers: openai, .*, fake; .*LLM_NOBODY would define"),
    ],
)
def test_an_unknown_name_is_one_sentence(spec, says):
    with pytest.raises(UnknownModel, match=says) as caught:
        default_registry({}).parse(spec)
    assert "\n" not in str(caught.value)


def test_an_empty_name_is_refused():
    with pytest.raises(ConfigError, match="the model name is empty"):
        resolve("  ")


def test_an_unknown_provider_is_refused_by_name():
    with pytest.raises(UnknownModel, match="nobody"):
        default_registry({}).provider("nobody")


async def test_a_chain_passes_over_a_provider_without_a_url():
    model = default_registry({}).parse("foreman/m,llama-swap/m,fake")
    response = await model.complete(Request(messages=[user("hi")]))
    assert str(response.target) == "fake/offline"


@pytest.mark.parametrize("name", ["foreman", "llama-swap"])
async def test_a_provider_without_a_usual_place_says_how_to_declare_one(name):
    with pytest.raises(APIError, match=rf"set LLM_<NAME>={name}://.*host"):
        await default_registry({}).parse(f"{name}/m").complete(Request(messages=[user("hi")]))


@pytest.mark.parametrize("spec", ["ollama/m", "fake,llama-swap/m", "lm-studio/m"])
def test_where_a_model_may_be_loaded_first_a_chain_has_no_deadline(spec):
    assert default_registry({}).parse(spec).policy.deadline_s is None
    assert default_registry({}).parse("openai/m,fake").policy.deadline_s == 600


async def test_an_image_model_is_named_like_any_other():
    async with LlamaSwapServer() as server:
        environ = {"LLM_BOX": f"llama-swap://{server.url.removeprefix('http://')}"}
        registry = default_registry(environ)
        registry.alias("draw", "box/sdxl")
        server.enqueue(image_answer())
        drawn = await registry.image_model("draw").generate(ImageRequest(prompt="a cat"))
    assert drawn.images[0].mime == "image/png"
    assert str(registry.image_model("openai/gpt-image-2").target) == "openai/gpt-image-2"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("fake", "provider 'fake' makes no images"),
        ("openai/a,openai/b", "is no single target"),
        ("opnai/a", "did you mean"),
    ],
)
def test_what_does_not_draw_says_so(spec, says):
    with pytest.raises(ConfigError, match=says):
        default_registry({}).image_model(spec)


# -- built-in providers ---------------------------------------------------------------------------


def test_the_built_in_providers_are_there_without_any_variable():
    registry = default_registry({})
    assert {"openai", "anthropic", "fake", *(p.name for p in PRESETS)} <= set(registry.names)
    assert {listed.source for listed in registry.describe()} == {Source.BUILT_IN}
    for name in registry.names:
        (model,) = registry.parse(f"{name}/some/model:id").models
        assert (model.target.provider, model.target.model) == (name, "some/model:id")


async def test_openais_variables_reach_the_server():
    async with LoopbackServer(lambda _: openai_text("fine")) as server:
        environ = {
            "OPENAI_API_KEY": " sk-1 ",
            "OPENAI_BASE_URL": f"{server.url}/v9/",
            "OPENAI_ORG_ID": "org",
            "OPENAI_PROJECT_ID": "project",
        }
        assert (await default_registry(environ).parse("openai/m").complete(ASK)).text == "fine"
    (request,) = server.requests
    assert request.path == "/v9/chat/completions"
    names = ("authorization", "openai-organization", "openai-project")
    assert [request.headers[name] for name in names] == ["Bearer sk-1", "org", "project"]


@pytest.mark.parametrize(
    ("variables", "key", "bearer"),
    [
        ({"ANTHROPIC_API_KEY": "k"}, "k", None),
        ({"ANTHROPIC_AUTH_TOKEN": "t"}, None, "Bearer t"),
        ({"ANTHROPIC_API_KEY": "k", "ANTHROPIC_AUTH_TOKEN": "t"}, "k", None),
        ({"ANTHROPIC_API_KEY": " ", "ANTHROPIC_AUTH_TOKEN": "t"}, None, "Bearer t"),
    ],
)
async def test_anthropics_key_or_token_reaches_the_server(variables, key, bearer):
    async with LoopbackServer(lambda _: anthropic_text("fine")) as server:
        registry = default_registry({**variables, "ANTHROPIC_BASE_URL": f"{server.url}/"})
        assert (await registry.parse("anthropic/m").complete(ASK)).text == "fine"
    (request,) = server.requests
    assert request.path == "/v1/messages"
    assert request.headers.get("x-api-key") == key
    assert request.headers.get("authorization") == bearer


@pytest.mark.parametrize("name", ["google", "gemini"])
@pytest.mark.parametrize(
    ("variables", "key"),
    [
        ({"GOOGLE_API_KEY": "a"}, "a"),
        ({"GEMINI_API_KEY": "b"}, "b"),
        ({"GEMINI_API_KEY": "b", "GOOGLE_API_KEY": "a"}, "a"),
        ({"GEMINI_API_KEY": "b", "GOOGLE_API_KEY": " "}, "b"),
    ],
)
def test_the_first_of_googles_variables_that_is_set_counts(name, variables, key):
    assert default_registry(variables).provider(name).endpoint.api_key == key


@pytest.mark.parametrize("blank", ["", "  "])
async def test_a_blank_variable_counts_as_unset(blank):
    registry = default_registry({"OPENAI_API_KEY": blank, "OPENAI_BASE_URL": blank})
    assert registry.provider("openai").endpoint.base_url == "https://api.openai.com/v1"
    with pytest.raises(APIError, match="set OPENAI_API_KEY"):
        await registry.parse("openai/m").complete(ASK)


async def test_what_a_registry_is_made_with_reaches_its_chains():
    clock, events = FakeClock(), []
    health = HealthTracker(clock)
    registry = default_registry(
        {"LLM_OTHER": "fake://anywhere"},
        clock=clock,
        health=health,
        policy=ChainPolicy(transient_retries=0, deadline_s=900),
        observer=events.append,
        classifier=lambda _: ErrorKind.TRANSIENT,
    )
    assert registry.health is health
    registry.provider("fake").enqueue("a", ZeroDivisionError("odd"))
    registry.provider("other").enqueue("b", Delay(700, "late"))
    answer = await registry.parse("fake/a,other/b").complete(ASK)
    assert (answer.text, str(answer.target)) == ("late", "other/b")
    assert clock.monotonic() == 700
    assert [str(e.target) for e in events if isinstance(e, Attempt)] == ["fake/a", "other/b"]


def test_the_module_parses_with_the_default_registry(monkeypatch):
    assert str(parse("fake,fake/x").target) == "fake/offline"
    monkeypatch.setenv("LLM_SET_JUST_NOW", "fake/x,fake/y")
    model = resolve("set-just-now")
    assert [str(one.target) for one in model.models] == ["fake/x", "fake/y"]
    assert DEFAULT_REGISTRY.parse("set-just-now").models[0].target == model.target


# -- presets --------------------------------------------------------------------------------------


class Host(NamedTuple):
    url: str | None
    key: str
    needs_key: bool = True
    unbounded: bool = False


HOSTS = {
    "openrouter": Host("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "groq": Host("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "mistral": Host("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "deepseek": Host("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "together": Host("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "fireworks": Host("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "xai": Host("https://api.x.ai/v1", "XAI_API_KEY"),
    "azure": Host(None, "AZURE_OPENAI_API_KEY"),
    "github-models": Host("https://models.github.ai/inference", "GITHUB_TOKEN"),
    "lm-studio": Host("http://127.0.0.1:1234/v1", "LM_API_TOKEN", False, True),
    "vllm": Host("http://127.0.0.1:8000/v1", "VLLM_API_KEY", False),
    "llama-cpp": Host("http://127.0.0.1:8080/v1", "LLAMA_API_KEY", False, True),
}
KEYED = sorted(name for name, host in HOSTS.items() if host.needs_key)
KEYLESS = sorted(set(HOSTS) - set(KEYED))


def test_every_preset_is_in_the_table():
    assert {preset.name for preset in PRESETS} == set(HOSTS)
    assert len(PRESETS) == len(HOSTS)


@pytest.mark.parametrize("name", HOSTS)
def test_a_preset_is_where_its_host_is(name):
    host = HOSTS[name]
    access = default_registry({host.key: "k"}).provider(name).access
    assert (access.base_url, access.unbounded) == (host.url, host.unbounded)
    assert bool(access.missing) is (host.url is None)


@pytest.mark.parametrize("name", KEYED)
@pytest.mark.parametrize("how", ["complete", "stream"])
async def test_a_preset_without_its_key_names_the_variable_when_it_is_used(name, how):
    registry = default_registry({})
    model = registry.parse(f"{name}/m")
    with pytest.raises(APIError, match=HOSTS[name].key) as caught:
        await (model.complete(ASK) if how == "complete" else drained(model, ASK))
    assert caught.value.status == 401
    answer = await registry.parse(f"{name}/m,fake/other").complete(ASK)
    assert str(answer.target) == "fake/other"
    assert registry.health.snapshot() == () or all(
        health.failures == 0 for health in registry.health.snapshot()
    )
    missing = {listed.name: listed.access.missing for listed in registry.describe()}
    assert HOSTS[name].key in missing[name]


@pytest.mark.parametrize("name", KEYLESS)
def test_a_host_of_ones_own_needs_no_key(name):
    provider = default_registry({}).provider(name)
    assert not provider.access.missing
    assert provider.endpoint.api_key is None
    keyed = default_registry({HOSTS[name].key: "k"}).provider(name)
    assert keyed.endpoint.api_key == "k"


@pytest.mark.parametrize("slash", ["", "/"])
async def test_azure_is_where_its_variable_says(slash):
    async with LoopbackServer(lambda _: openai_text("fine")) as server:
        environ = {"AZURE_OPENAI_ENDPOINT": server.url + slash, "AZURE_OPENAI_API_KEY": "k"}
        await default_registry(environ).parse("azure/deployment").complete(ASK)
    (request,) = server.requests
    assert request.path == "/openai/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer k"


async def test_azure_names_both_of_its_variables():
    for environ in ({}, {"AZURE_OPENAI_API_KEY": "k"}):
        with pytest.raises(APIError, match="no URL; set AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_A"):
            await default_registry(environ).parse("azure/m").complete(ASK)


# -- schemes --------------------------------------------------------------------------------------

ANSWERS = {"openai": openai_text, "openai-compatible": openai_text, "anthropic": anthropic_text}
PATHS = {
    "openai": "/chat/completions",
    "openai-compatible": "/chat/completions",
    "anthropic": "/v1/messages",
}


async def sent(scheme, request=ASK, **parts):
    """What a declared server receives."""
    async with LoopbackServer(lambda _: ANSWERS[scheme]("fine")) as server:
        registry = default_registry({"LLM_M1": declared(server, scheme, **parts)})
        response = await registry.parse("m1/some/model:id").complete(request)
    assert (response.text, str(response.target)) == ("fine", "m1/some/model:id")
    (received,) = server.requests
    return received


@pytest.mark.parametrize("scheme", ANSWERS)
async def test_a_token_arrives_decoded_in_the_header_its_wire_wants(scheme):
    received = await sent(scheme, credentials="user:t%2Fo%40k%25en@")
    bearer, key = (received.headers.get(name) for name in ("authorization", "x-api-key"))
    assert (bearer, key) == (
        (None, "t/o@k%en") if scheme == "anthropic" else ("Bearer t/o@k%en", None)
    )
    assert received.json["model"] == "some/model:id"


@pytest.mark.parametrize("scheme", ANSWERS)
@pytest.mark.parametrize(
    ("rest", "base"),
    [("", None), ("/", ""), ("/api", "/api"), ("/api/v2/", "/api/v2"), ("/a%2Fb", "/a%2Fb")],
)
async def test_a_declared_base_replaces_the_schemes_own(scheme, rest, base):
    usual = "" if scheme == "anthropic" else "/v1"
    received = await sent(scheme, credentials="t@", rest=rest)
    assert received.path == (usual if base is None else base) + PATHS[scheme]


async def test_a_compatible_server_may_need_no_token():
    received = await sent("openai-compatible")
    assert "authorization" not in received.headers


@pytest.mark.parametrize("scheme", ["openai", "anthropic"])
async def test_a_vendor_needs_a_token_and_the_variable_is_named(scheme):
    registry = default_registry({"LLM_M1": f"{scheme}://127.0.0.1:1?tls=0"})
    with pytest.raises(APIError) as caught:
        await registry.parse("m1/x").complete(ASK)
    assert f"put a token into LLM_M1, as in {scheme}://token@host" in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "options", "field"),
    [
        ("openai", "", "max_completion_tokens"),
        ("openai", "legacy_max_tokens=1", "max_tokens"),
        ("openai-compatible", "", "max_tokens"),
        ("openai-compatible", "legacy_max_tokens=1", "max_tokens"),
        ("openai-compatible", "legacy_max_tokens=0", "max_completion_tokens"),
    ],
)
async def test_legacy_max_tokens_takes_effect(scheme, options, field):
    received = await sent(scheme, SHORT, credentials="t@", options=options)
    limits = {name: value for name, value in received.json.items() if "max" in name}
    assert limits == {field: 7}


async def test_a_system_role_takes_effect():
    received = await sent("openai-compatible", SHORT, options="system_role=developer")
    assert received.json["messages"][0]["role"] == "developer"


async def test_asking_for_usage_in_streams_can_be_switched_off():
    async with LoopbackServer(lambda _: openai_stream(Turn.text("fine"))) as server:
        for options in ("", "stream_usage=0"):
            environ = {"LLM_M1": declared(server, "openai-compatible", options=options)}
            answer = await drained(default_registry(environ).parse("m1/x"), ASK)
            assert answer.text == "fine"
    assert ["stream_options" in request.json for request in server.requests] == [True, False]


async def test_how_an_output_is_asked_for_takes_effect():
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    request = Request(messages=[user("hi")], output=OutputSchema(name="answer", schema=schema))
    received = await sent("openai-compatible", request, options="output=json_object")
    assert received.json["response_format"] == {"type": "json_object"}
    received = await sent("openai-compatible", request, options="strict=1")
    assert received.json["response_format"]["json_schema"]["strict"] is True


SWITCHES = [f.name for f in fields(Dialect) if f.type == "bool"]


@pytest.mark.parametrize("scheme", ["openai", "openai-compatible"])
def test_every_switch_of_a_dialect_is_an_option(scheme):
    assert len(SWITCHES) == 8
    for name in SWITCHES:
        for text, value in (("0", False), ("1", True)):
            registry = default_registry({"LLM_M1": f"{scheme}://t@host?{name}={text}"})
            plain = default_registry({"LLM_M1": f"{scheme}://t@host"})
            found, usual = (r.provider("m1").wire.dialect for r in (registry, plain))
            assert getattr(found, name) is value
            assert replace(found, **{name: getattr(usual, name)}) == usual


def test_a_dialects_output_is_typed():
    registry = default_registry({"LLM_M1": "openai://t@host?output=tool"})
    assert registry.provider("m1").wire.dialect.output is OutputMode.TOOL


@pytest.mark.parametrize("scheme", ANSWERS)
@pytest.mark.parametrize(
    ("options", "timeout_s", "unbounded"),
    [("", 600.0, False), ("timeout=5", 5.0, False), ("timeout=none", None, True)],
)
def test_a_timeout_bounds_each_call(scheme, options, timeout_s, unbounded):
    registry = default_registry({"LLM_M1": f"{scheme}://t@host?{options}"})
    provider = registry.provider("m1")
    assert provider.endpoint.timeout_s == timeout_s
    assert provider.access.unbounded is unbounded


@pytest.mark.parametrize("scheme", ANSWERS)
def test_vision_is_what_the_variable_says(scheme):
    def vision(options):
        registry = default_registry({"LLM_M1": f"{scheme}://t@host?{options}"})
        return registry.parse("m1/x").capabilities.vision

    assert vision("vision=0") is False
    assert vision("vision=1") is True
    assert vision("tls=1") is vision("")


@pytest.mark.parametrize("scheme", ANSWERS)
async def test_without_vision_a_chain_passes_the_target_over_without_penalty(scheme):
    events = []
    async with LoopbackServer() as blind, LoopbackServer(lambda _: openai_text("a cat")) as seeing:
        environ = {
            "LLM_BLIND": declared(blind, scheme, credentials="t@", options="vision=0"),
            "LLM_SEEING": declared(seeing, "openai-compatible", options="vision=1"),
        }
        registry = default_registry(environ, observer=events.append)
        for _ in range(3):
            answer = await registry.parse("blind/m,seeing/m").complete(LOOK)
            assert (answer.text, answer.target.provider) == ("a cat", "seeing")
        with pytest.raises(ChainExhausted, match="blind/m: skipped, takes no images"):
            await registry.parse("blind/m").complete(LOOK)
        blind.enqueue(ANSWERS[scheme]("text is fine"))
        assert (await registry.parse("blind/m").complete(ASK)).text == "text is fine"
    assert len(blind.requests) == 1
    assert {e.reason for e in events if isinstance(e, Skip)} == {"skipped, takes no images"}
    assert all(health.failures == 0 for health in registry.health.snapshot())


async def test_a_server_that_is_down_is_passed_over_for_the_next():
    async with LoopbackServer(lambda _: openai_error(503, "down")) as down:
        environ = {
            "LLM_DOWN": declared(down, "openai-compatible"),
            "LLM_TIER": "down/m,fake/x",
        }
        registry = default_registry(environ, clock=FakeClock())
        for _ in range(2):
            assert str((await registry.parse("tier").complete(ASK)).target) == "fake/x"
    assert len(down.requests) == 2  # then it is benched


@pytest.mark.parametrize(
    ("scheme", "option", "takes"),
    [
        ("anthropic", "legacy_max_tokens=1", "it takes timeout, vision, and tls"),
        ("anthropic", "output=tool", "it takes timeout, vision, and tls"),
        ("anthropic", "string_content=0", "it takes timeout, vision, and tls"),
        ("fake", "vision=0", "it takes none, and tls"),
        ("fake", "timeout=5", "it takes none, and tls"),
    ],
)
def test_an_option_of_another_scheme_is_a_fault_of_the_variable(scheme, option, takes):
    registry = default_registry({"LLM_M1": f"{scheme}://c4nary@host?tls=1&{option}"})
    name = option.partition("=")[0]
    with pytest.raises(DSNError) as caught:
        registry.parse("m1/x")
    assert str(caught.value) == f"LLM_M1: scheme {scheme!r} has no option {name!r}; {takes}"
    assert "c4nary" not in everything_shown(caught.value)
    (listed,) = [one for one in registry.describe() if one.name == "m1"]
    assert listed.access.missing == str(caught.value)


def test_a_declared_fake_is_a_provider_of_its_own():
    registry = default_registry({"LLM_DEMO": "fake://anything?tls=0"})
    provider = registry.provider("demo")
    assert isinstance(provider, FakeProvider)
    assert provider.name == "demo"
    assert provider is not registry.provider("fake")


def test_an_unknown_scheme_says_which_exist():
    with pytest.raises(DSNError, match=r"did you mean 'openai'.*known schemes: openai, .*fake"):
        default_registry({"LLM_M1": "opnai://t@host"}).parse("m1/x")


def test_a_variable_replaces_a_built_in_provider(caplog):
    environ = {"LLM_OPENAI": "openai://t@127.0.0.1:9/v1?tls=0", "LLM_LM_STUDIO": "fake://x"}
    registry = default_registry(environ)
    assert registry.provider("openai").endpoint.base_url == "http://127.0.0.1:9/v1"
    assert isinstance(registry.provider("lm-studio"), FakeProvider)
    assert registry.names == default_registry({}).names
    assert sorted(record.getMessage() for record in caplog.records) == [
        "LLM_LM_STUDIO replaces the built-in provider 'lm-studio'",
        "LLM_OPENAI replaces the built-in provider 'openai'",
    ]
