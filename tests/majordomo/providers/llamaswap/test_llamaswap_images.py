"""Images of sd-server through llama-swap."""

import pytest

from executus.testing import LlamaSwapServer, LoopbackServer
from executus.testing.server import PNG, JSONAnswer
from majordomo.errors import APIError, ErrorKind, UnsupportedRequest
from majordomo.imagegen import ImageProvider, ImageRequest
from majordomo.llm import ImagePart
from majordomo.providers.llamaswap import llama_swap_provider

TAG = "sd_cpp_extra_args"


async def draw(server, model="flux", **fields):
    provider = llama_swap_provider(base_url=server.url)
    assert isinstance(provider, ImageProvider)
    request = ImageRequest(**{"prompt": "a red fox", **fields})
    return await provider.image_model(model).generate(request)


async def test_images_come_as_bytes():
    async with LlamaSwapServer() as server:
        result = await draw(server, n=2, size="1024x1024")
    assert result.images == (ImagePart(data=PNG, mime="image/png"),) * 2
    assert str(result.target) == "llama-swap/flux"
    [request] = server.requests
    assert request.path == "/v1/images/generations"
    assert request.headers["authorization"] == "Bearer no-key"
    assert request.json == {
        "model": "flux",
        "prompt": "a red fox",
        "n": 2,
        "size": "1024x1024",
        "response_format": "b64_json",
    }


async def test_arguments_go_into_the_prompt_only_by_the_callers_hand():
    async with LlamaSwapServer() as server:
        await draw(server, extra={TAG: {"seed": 42}})
        with pytest.raises(UnsupportedRequest):
            await draw(server, prompt=f'a fox<{TAG}>{{"seed":1}}</{TAG}>')
    [request] = server.requests
    assert request.json["prompt"] == f'a red fox <{TAG}>{{"seed":42}}</{TAG}>'


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (JSONAnswer(400, {"error": "prompt required"}), "permanent", "prompt required"),
        (
            JSONAnswer(500, {"error": "generate_image returned no results"}),
            "transient",
            "generate_image returned no results",
        ),
        (
            JSONAnswer(500, {"error": "server_error", "message": "out of memory"}),
            "transient",
            "server_error: out of memory",
        ),
        (JSONAnswer(200, {"data": []}), "transient", "the answer holds no image"),
    ],
)
async def test_errors_of_sd_server_are_understood(answer, kind, message):
    async with LoopbackServer() as server:
        server.enqueue(answer)
        with pytest.raises(APIError) as caught:
            await draw(server)
    assert (caught.value.kind, caught.value.message) == (ErrorKind(kind), message)


async def test_a_model_nobody_serves_is_not_found():
    async with LlamaSwapServer() as server:
        with pytest.raises(APIError) as caught:
            await draw(server, "gone")
    assert caught.value.kind is ErrorKind.NOT_FOUND
