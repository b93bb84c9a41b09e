"""Image models over loopback HTTP."""

import pytest

from executus.testing import FakeClock, Hang, JSONAnswer, LoopbackServer
from executus.testing.server import PNG, image_answer, openai_error
from majordomo.errors import APIError, ErrorKind
from majordomo.imagegen import ImageProvider, ImageRequest
from majordomo.llm import ImagePart, user
from majordomo.llm.response import Target
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.images.provider import MAX_IMAGE_BODY_BYTES
from majordomo.providers.openai import openai_provider

KEY = "sk-very-secret"
FOX = ImageRequest(prompt="a red fox")


@pytest.fixture
async def server():
    async with LoopbackServer() as server:
        yield server


def model_at(server, model="gpt-image-2", **options):
    provider = openai_provider(KEY, base_url=f"{server.url}/v1", **options)
    return provider.image_model(model)


async def refusal(call):
    with pytest.raises(APIError) as caught:
        await call
    assert KEY not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    return caught.value


def test_a_provider_of_images_can_be_told_from_others():
    assert isinstance(openai_provider("k"), ImageProvider)
    assert not isinstance(anthropic_provider("k"), ImageProvider)


async def test_an_image_is_made_and_goes_straight_back_into_a_chat(server):
    server.enqueue(image_answer(usage={"input_tokens": 9, "output_tokens": 4}))
    model = model_at(server, organization="org-1")
    result = await model.generate(FOX)
    assert result.images == (ImagePart(data=PNG, mime="image/png"),)
    assert result.target == model.target == Target("openai", "gpt-image-2")
    assert (result.usage.input, result.usage.output, result.usage.requests) == (9, 4, 1)
    assert result.raw is None
    assert user("what is it?", *result.images).parts[1] is result.images[0]
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/v1/images/generations")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["openai-organization"] == "org-1"
    assert request.json == {"model": "gpt-image-2", "prompt": "a red fox", "n": 1}


async def test_the_raw_body_is_kept_on_demand(server):
    server.enqueue(image_answer())
    result = await model_at(server).generate(ImageRequest(prompt="x", keep_raw=True))
    assert result.raw is not None
    assert b"b64_json" in result.raw


async def test_an_answer_may_be_larger_than_a_chat_may(server):
    large = PNG + b"\0" * (26 * 1024 * 1024)  # over 32 MiB in base64
    server.enqueue(image_answer([large]))
    [image] = (await model_at(server).generate(FOX)).images
    assert len(image.data) == len(large)
    assert MAX_IMAGE_BODY_BYTES == 128 * 1024 * 1024


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (JSONAnswer(200, {"data": [{"url": "https://x/a"}]}), "unsupported", "no_image_bytes"),
        (JSONAnswer(200, {"data": []}), "transient", "no_image"),
        (JSONAnswer(200, {"data": [{"b64_json": "!"}]}), "transient", "malformed_response"),
        (JSONAnswer(200, {"data": 7}), "transient", "malformed_response"),
        (JSONAnswer(200, {"data": ["x"]}), "transient", "malformed_response"),
        (openai_error(401, "bad key", code="invalid_api_key"), "auth", "invalid_api_key"),
        (openai_error(429, "pay", code="insufficient_quota"), "quota", "insufficient_quota"),
        (
            openai_error(400, "no", code="content_policy_violation"),
            "permanent",
            "content_policy_violation",
        ),
    ],
)
async def test_a_failure_is_the_one_typed_error(server, answer, kind, code):
    server.enqueue(answer)
    error = await refusal(model_at(server).generate(FOX))
    assert (error.kind, error.code) == (ErrorKind(kind), code)
    assert (error.provider, error.model) == ("openai", "gpt-image-2")


async def test_without_a_key_nobody_is_dialled(server):
    provider = openai_provider(None, base_url=server.url)
    error = await refusal(provider.image_model("m").generate(FOX))
    assert (error.status, error.code) == (401, "missing_key")
    assert "set OPENAI_API_KEY" in error.message
    assert server.requests == []


async def test_a_request_has_its_own_deadline():
    clock = FakeClock()

    def respond(request):
        clock.advance(3)
        return Hang()

    async with LoopbackServer(respond) as slow:
        model = model_at(slow, clock=clock)
        error = await refusal(model.generate(ImageRequest(prompt="x", timeout_s=3)))
    assert (error.code, error.message) == ("timeout", "no complete answer within 3 s")
