"""The default registry: what the environment configures, and when it is read."""

import pytest

from executus.testing.server import LlamaSwapServer, image_answer
from majordomo.builtin import default_registry, resolve
from majordomo.errors import APIError, ConfigError, UnknownModel
from majordomo.imagegen import ImageRequest
from majordomo.llm import Request, user
from majordomo.providers.fake import FakeProvider


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
