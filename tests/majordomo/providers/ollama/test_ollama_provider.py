"""The three factories: where they dial, what they need, how long they wait."""

import pytest

from executus.testing import OllamaServer, Turn
from majordomo.errors import APIError, ConfigError, ErrorKind
from majordomo.http import HttpxTransport
from majordomo.llm import Access, Request, user
from majordomo.providers.ollama import (
    OllamaOptions,
    foreman_provider,
    ollama_cloud_provider,
    ollama_provider,
)

HI = Request(messages=[user("hi")])


def test_a_local_server_needs_nothing_and_may_take_any_time():
    provider = ollama_provider()
    assert provider.name == "ollama"
    assert provider.access == Access(base_url="http://127.0.0.1:11434", unbounded=True)
    assert provider.model("m").capabilities.structured_output is True
    assert provider.wire.options.truncate is False


def test_a_local_server_may_be_written_as_its_variable_is():
    assert ollama_provider(base_url="gpu-box").access.base_url == "http://gpu-box:11434"
    assert ollama_provider(base_url="https://gpu-box/x/").access.base_url == "https://gpu-box/x"
    assert ollama_provider(base_url=None).access.missing == "set OLLAMA_HOST"
    with pytest.raises(ConfigError, match="OLLAMA_HOST"):
        ollama_provider(base_url="ftp://gpu-box")


def test_the_cloud_needs_a_key_and_has_a_timeout():
    provider = ollama_cloud_provider()
    assert provider.name == "ollama-cloud"
    assert provider.access == Access(base_url="https://ollama.com", missing="set OLLAMA_API_KEY")
    assert ollama_cloud_provider("k").access.missing == ""
    assert provider.endpoint.timeout_s == 600
    assert provider.model("m").capabilities.structured_output is False


def test_foreman_needs_a_url_and_a_token_and_may_take_any_time():
    missing = "configure its URL and token"
    assert foreman_provider().access == Access(missing=missing, unbounded=True)
    assert foreman_provider("t").access.missing == missing
    assert foreman_provider(base_url="https://f").access.missing == missing
    ready = foreman_provider("t", base_url="https://f/base/")
    assert ready.access == Access(base_url="https://f/base", unbounded=True)


@pytest.mark.parametrize(
    ("provider", "code", "hint"),
    [
        (ollama_cloud_provider(), "missing_key", "set OLLAMA_API_KEY"),
        (foreman_provider("t"), "missing_url", "configure its URL and token"),
        (foreman_provider(base_url="https://f"), "missing_key", "configure its URL and token"),
        (ollama_provider(base_url=None), "missing_url", "set OLLAMA_HOST"),
    ],
)
async def test_what_is_missing_is_a_401_before_anything_is_dialled(provider, code, hint):
    with pytest.raises(APIError, match=hint) as caught:
        await provider.model("m").complete(HI)
    assert (caught.value.kind, caught.value.status, caught.value.code) == (
        ErrorKind.AUTH,
        401,
        code,
    )


@pytest.mark.parametrize("factory", [ollama_provider, ollama_cloud_provider, foreman_provider])
async def test_every_factory_hands_on_what_it_is_given(factory):
    transport = HttpxTransport()
    async with OllamaServer([Turn.text("x")], require_key="token") as server:
        provider = factory(
            "token",
            base_url=server.url,
            name="mine",
            options=OllamaOptions(num_ctx=9),
            headers=(("x-mine", "1"),),
            timeout_s=3.0,
            transport=transport,
        )
        assert (provider.name, provider.endpoint.timeout_s) == ("mine", 3.0)
        assert (await provider.model("m").complete(HI)).target.provider == "mine"
        request = server.requests[0]
    await transport.aclose()
    assert request.headers["x-mine"] == "1"
    assert request.json == {
        "model": "m",
        "stream": False,
        "options": {"num_ctx": 9},
        "messages": [{"role": "user", "content": "hi"}],
    }
