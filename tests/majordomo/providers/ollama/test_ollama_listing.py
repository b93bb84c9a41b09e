"""What models are there: one call like any other, with the same bounds, faults and secrets."""

import pytest

from executus.testing import FakeClock, Hang, JSONAnswer, LoopbackServer, OllamaServer
from majordomo.errors import APIError, ErrorKind
from majordomo.http import MAX_BODY_BYTES
from majordomo.providers.ollama import (
    InstalledModel,
    foreman_provider,
    ollama_cloud_provider,
    ollama_provider,
)

KEY = "sk-ollama-canary"
MAKES = pytest.mark.parametrize(
    "make", [ollama_provider, ollama_cloud_provider, foreman_provider], ids=lambda m: m.__name__
)
ITEM = {
    "name": "qwen3:8b",
    "model": "qwen3:8b",
    "modified_at": "2026-11-20T10:00:00Z",
    "size": 5_200_000_000,
    "digest": "500a1f067a9f",
    "details": {"family": "qwen3", "parameter_size": "8.2B", "quantization_level": "Q4_K_M"},
}


async def listed(body, make=ollama_provider, **fields):
    async with LoopbackServer() as server:
        server.enqueue(JSONAnswer(200, body))
        return await make(KEY, base_url=server.url, **fields).list_models()


@MAKES
async def test_models_are_listed_with_the_key_and_none_is_loaded(make):
    async with OllamaServer(require_key=KEY, models=("a:1b", "b")) as server:
        models = await make(KEY, base_url=server.base_url).list_models()
        [asked] = server.requests
    assert models == (InstalledModel(id="a:1b"), InstalledModel(id="b"))
    assert (asked.method, asked.path, asked.body) == ("GET", "/api/tags", b"")


async def test_all_that_is_said_of_a_model_is_read():
    assert await listed({"models": [ITEM]}) == (
        InstalledModel(
            id="qwen3:8b",
            size_bytes=5_200_000_000,
            family="qwen3",
            parameters="8.2B",
            quantization="Q4_K_M",
        ),
    )


@pytest.mark.parametrize("body", [{"models": []}, {"models": None}])
async def test_a_server_may_have_no_models(body):
    assert await listed(body) == ()


@pytest.mark.parametrize(
    "item",
    [{"name": "x", "size": -1, "details": None}, {"model": "x", "details": [1], "size": True}],
)
async def test_what_makes_no_sense_is_unknown(item):
    assert await listed({"models": [item]}) == (InstalledModel(id="x"),)


@pytest.mark.parametrize("body", [{}, [], {"models": 7}, {"models": [{}]}, {"models": ["x"]}])
async def test_what_is_no_list_is_malformed(body):
    with pytest.raises(APIError) as caught:
        await listed(body)
    assert (caught.value.code, caught.value.kind) == ("malformed_response", ErrorKind.TRANSIENT)


async def test_an_error_is_one_whatever_its_status_and_repeats_no_key():
    async with OllamaServer(require_key=KEY) as server:
        with pytest.raises(APIError) as caught:
            await ollama_provider("sk-wrong", base_url=server.base_url).list_models()
        assert (caught.value.status, caught.value.kind) == (401, ErrorKind.AUTH)
    with pytest.raises(APIError, match=r"wrong key \[") as caught:
        await listed({"error": f"wrong key {KEY}"})
    assert KEY not in f"{caught.value!r} {vars(caught.value)}"


async def test_a_list_over_the_cap_is_not_read():
    with pytest.raises(APIError) as caught:
        await listed({"models": [], "x": "x" * MAX_BODY_BYTES})
    assert caught.value.code == "body_too_large"


async def test_a_server_that_hangs_is_given_up():
    clock = FakeClock()

    def respond(request):
        clock.advance(3)
        return Hang()

    async with LoopbackServer(respond) as server:
        provider = ollama_cloud_provider(KEY, base_url=server.url, clock=clock, timeout_s=3)
        with pytest.raises(APIError, match="within 3 s"):
            await provider.list_models()


async def test_without_a_url_or_a_key_nothing_is_dialled():
    with pytest.raises(APIError, match="configure its URL and token"):
        await foreman_provider(KEY).list_models()
    with pytest.raises(APIError, match="OLLAMA_API_KEY"):
        await ollama_cloud_provider().list_models()
