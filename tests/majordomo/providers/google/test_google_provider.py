"""The provider over real HTTP: what is dialled, what is described, and typed answers."""

from dataclasses import dataclass

import pytest

from executus.testing import GoogleServer, Turn
from majordomo.llm import FinishReason, Request, Settings, tool, user
from majordomo.llm.output import OutputMode
from majordomo.providers.google import GoogleWire, google_provider
from majordomo.providers.wire import Wire
from majordomo.structured import generate

MODEL = "gemini-3.8-flash"


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


async def answer(model, request, *, streaming):
    if not streaming:
        return await model.complete(request)
    async with model.stream(request) as stream:
        return await stream.response()


BOTH_WAYS = pytest.mark.parametrize("streaming", [True, False], ids=["stream", "whole"])


def test_the_wire_is_a_wire():
    wire: Wire = GoogleWire()
    assert wire.name == "google"


def test_defaults_of_the_endpoint():
    provider = google_provider()
    assert provider.name == "google"
    assert provider.endpoint.base_url == "https://generativelanguage.googleapis.com"
    assert provider.endpoint.timeout_s == 600.0
    assert provider.access.missing
    assert not google_provider("key").access.missing
    assert google_provider("key", base_url=None).access.missing


@BOTH_WAYS
@pytest.mark.parametrize("version", ["v1beta", "v1"])
async def test_what_is_dialled(streaming, version):
    turn = Turn.calls(("add", {"a": 1, "b": 2}), thinking="hm", signature="Sig")
    async with GoogleServer([turn], require_key="key") as server:
        provider = google_provider(
            "key",
            base_url=server.base_url + "/",
            name="team",
            version=version,
            headers=(("x-team", "a"),),
        )
        settings = Settings(reasoning_effort="low")
        request = Request(messages=[user("1+2?")], tools=[add], settings=settings)
        response = await answer(provider.model(MODEL), request, streaming=streaming)
    (dialled,) = server.requests
    method = "streamGenerateContent?alt=sse" if streaming else "generateContent"
    assert (dialled.method, dialled.path) == ("POST", f"/{version}/models/{MODEL}:{method}")
    wanted = {"x-goog-api-key": "key", "x-team": "a", "content-type": "application/json"}
    assert {name: dialled.headers[name] for name in wanted} == wanted
    assert response.finish_reason is FinishReason.TOOL_CALLS
    assert response.message.thinking == "hm"
    assert response.tool_calls[0].arguments == '{"a":1,"b":2}'
    assert response.message.state.provider == response.target.provider == "team"
    assert (response.request_id, response.served_model) == ("resp_0", MODEL)


@BOTH_WAYS
async def test_usage_is_the_same_either_way(streaming):
    usage_turn = Turn.text("Hello there, you!", thinking="hm", signature="S")
    async with GoogleServer([usage_turn]) as server:
        model = google_provider("key", base_url=server.base_url).model(MODEL)
        response = await answer(model, Request(messages=[user("hi")]), streaming=streaming)
    assert response.text == "Hello there, you!"
    assert response.message.thinking == ""  # thoughts are shown when they are asked for
    assert (response.usage.input, response.usage.output) == (10, 5)


def test_what_models_can_take():
    capabilities, mode = GoogleWire().describe(MODEL)
    assert mode is OutputMode.NATIVE
    assert capabilities.vision
    assert "image/gif" not in capabilities.image_mimes
    assert {"image/png", "image/jpeg", "image/webp", "image/heic"} <= capabilities.image_mimes
    assert (capabilities.max_image_bytes, capabilities.max_image_pixels) == (7_000_000, 3072)


@pytest.mark.parametrize("model", ["gemma-3-27b-it", "tunedModels/mine"])
def test_of_other_models_nothing_is_promised(model):
    capabilities, mode = GoogleWire().describe(model)
    assert mode is OutputMode.INSTRUCTION
    assert capabilities.tools is None
    assert capabilities.structured_output is False


@dataclass
class Person:
    name: str
    age: int | None


@pytest.mark.parametrize("model", [MODEL, "gemini-2.5-flash", "gemma-3-27b-it"])
async def test_a_typed_answer(model):
    async with GoogleServer([Turn.text('{"name":"Ada","age":36}')]) as server:
        provider = google_provider("key", base_url=server.base_url)
        person = await generate(provider.model(model), Person, "who?")
    assert person == Person("Ada", 36)
    config = server.requests[0].json.get("generationConfig", {})
    assert ("responseJsonSchema" in config) is model.startswith("gemini")
