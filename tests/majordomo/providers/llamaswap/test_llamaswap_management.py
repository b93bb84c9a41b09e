"""What is on offer, what runs, and how memory is freed."""

import pytest

from executus.testing import JSONAnswer, LlamaSwapServer, LoopbackServer, Turn
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import Request, user
from majordomo.providers.llamaswap import ListedModel, RunningModel, llama_swap_provider

KEY = "swap-secret"
ASK = Request(messages=(user("hi"),))


def provider_at(server, key=KEY, **options):
    return llama_swap_provider(key, base_url=server.url, **options)


async def load(provider, *models):
    for model in models:
        await provider.model(model).complete(ASK)


async def test_models_are_listed_loaded_or_not_without_starting_any():
    async with LlamaSwapServer([Turn.text("x")], models=("a", "b"), require_key=KEY) as server:
        provider = provider_at(server)
        await load(provider, "b")
        models = await provider.list_models()
        assert server.loaded == ["b"]
    assert models == (ListedModel(id="a", loaded=False), ListedModel(id="b", loaded=True))


async def test_all_that_a_newer_release_says_of_a_model_is_read():
    item = {
        "id": "qwen3-8b",
        "object": "model",
        "created": 1790000000,
        "owned_by": "llama-swap",
        "name": "Qwen3 8B",
        "description": "…",
        "architecture": {"input_modalities": ["text", "image"]},
        "capabilities": {"vision": True, "function_calling": True, "reranker": False},
        "context_length": 32768,
        "meta": {"llamaswap": {"type": "model", "aliases": ["qwen"]}, "n_ctx": 4096},
        "status": {"value": "loaded"},
    }
    async with LoopbackServer() as server:
        server.enqueue(JSONAnswer(200, {"object": "list", "data": [item]}))
        [model] = await provider_at(server).list_models()
    assert model == ListedModel(
        id="qwen3-8b",
        name="Qwen3 8B",
        description="…",
        kind="model",
        aliases=("qwen",),
        capabilities=frozenset({"vision", "function_calling"}),
        context_tokens=32768,
        loaded=True,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": None, "meta": None, "capabilities": None, "status": None, "context_length": None},
        {"name": 7, "meta": [], "capabilities": [], "status": "loaded", "context_length": "8k"},
        {"meta": {"llamaswap": {"type": None, "aliases": None}}, "context_length": 0},
    ],
)
async def test_only_the_id_of_a_model_is_sure(fields):
    async with LoopbackServer() as server:
        server.enqueue(JSONAnswer(200, {"data": [{"id": "a", **fields}]}))
        assert await provider_at(server).list_models() == (ListedModel(id="a"),)


async def test_the_context_of_a_running_model_may_be_told_elsewhere():
    async with LoopbackServer() as server:
        server.enqueue(JSONAnswer(200, {"data": [{"id": "a", "meta": {"n_ctx": 4096}}]}))
        [model] = await provider_at(server).list_models()
    assert model.context_tokens == 4096


async def test_running_models_are_told_with_all_that_was_said():
    said = {
        "model": "qwen3-8b",
        "state": "ready",
        "cmd": "llama-server --api-key hidden",
        "proxy": "http://127.0.0.1:5801",
        "ttl": 300,
    }
    async with LoopbackServer() as server:
        server.enqueue(JSONAnswer(200, {"running": [said, {"model": "b", "state": "starting"}]}))
        running = await provider_at(server).running()
    assert running == (
        RunningModel(model="qwen3-8b", state="ready", ttl_s=300),
        RunningModel(model="b", state="starting"),
    )
    assert running[0].raw == said
    assert "hidden" not in repr(running)


@pytest.mark.parametrize("nothing", [[], None])
async def test_nothing_may_run(nothing):
    async with LoopbackServer() as server:
        server.enqueue(JSONAnswer(200, {"running": nothing}))
        assert await provider_at(server).running() == ()


async def test_one_model_is_unloaded_and_the_others_stay():
    models = ("a", "org/b:q4")
    async with LlamaSwapServer([Turn.text("x")], models=models, require_key=KEY) as server:
        provider = provider_at(server)
        await load(provider, *models)
        assert [found.model for found in await provider.running()] == list(models)
        await provider.unload("org/b:q4")
        assert server.loaded == ["a"]
        await provider.unload("org/b:q4")
    sent = server.requests[-1]
    assert (sent.method, sent.path, sent.body) == ("POST", "/api/models/unload/org/b%3Aq4", b"")
    assert sent.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("old", [False, True])
async def test_every_model_is_unloaded_in_any_release(old):
    async with LlamaSwapServer([Turn.text("x")], models=("a", "b"), old=old) as server:
        provider = provider_at(server)
        await load(provider, "a", "b")
        await provider.unload()
        assert server.loaded == []
    calls = [(request.method, request.path) for request in server.requests[2:]]
    assert calls == [("POST", "/api/models/unload"), ("GET", "/unload")][: 1 + old]


async def test_only_a_missing_route_is_an_older_release():
    async with LoopbackServer() as server:
        server.enqueue(JSONAnswer(502, {"error": "no"}))
        with pytest.raises(APIError) as caught:
            await provider_at(server).unload()
    assert caught.value.status == 502
    assert len(server.requests) == 1


async def test_an_unknown_model_is_not_unloaded():
    async with LlamaSwapServer() as server:
        with pytest.raises(APIError) as caught:
            await provider_at(server).unload("gone")
    assert caught.value.kind is ErrorKind.NOT_FOUND
    assert str(caught.value).startswith("llama-swap: 404 not_found")


@pytest.mark.parametrize("model", ["", "/", "a//b", "..", "../../v1/models", "a/./b", "a/"])
async def test_what_is_no_model_id_unloads_nothing(model):
    async with LlamaSwapServer() as server:
        with pytest.raises(ValueError, match="is no model id; to unload every model, give none"):
            await provider_at(server).unload(model)
    assert server.requests == []


async def test_characters_with_a_meaning_in_urls_stay_in_the_id():
    async with LlamaSwapServer(models=["a?b#c d%"]) as server:
        await provider_at(server).unload("a?b#c d%")
    assert server.requests[0].path == "/api/models/unload/a%3Fb%23c%20d%25"


async def test_a_wrong_key_is_told_and_not_shown():
    async with LlamaSwapServer(require_key="right") as server:
        for call in ("list_models", "running", "unload"):
            with pytest.raises(APIError) as caught:
                await getattr(provider_at(server), call)()
            assert caught.value.kind is ErrorKind.AUTH
            assert KEY not in f"{caught.value!r} {vars(caught.value)}"


@pytest.mark.parametrize("body", [{}, [], {"data": [{}]}, {"data": 7}, {"data": ["x"]}])
async def test_an_odd_list_is_a_malformed_answer(body):
    async with LoopbackServer() as server:
        server.enqueue(JSONAnswer(200, body))
        with pytest.raises(APIError) as caught:
            await provider_at(server).list_models()
    assert caught.value.code == "malformed_response"
