import asyncio
import subprocess
import sys

import anyio
import pytest

from executus.testing.server import JSONAnswer, LoopbackServer
from majordomo.errors import ErrorKind
from majordomo.http import HTTPRequest, TransportError, aiohttp_transport, read_body
from majordomo.http.aiohttp_transport import AiohttpTransport


@pytest.fixture
def anyio_backend():
    return "asyncio"


def test_under_trio_one_sentence_says_what_to_use():
    async def main():
        with pytest.raises(TransportError, match="asyncio alone; under trio use") as caught:
            await AiohttpTransport().open(HTTPRequest(url="http://127.0.0.1:9/"))
        assert (caught.value.code, caught.value.kind) == ("wrong_event_loop", ErrorKind.PERMANENT)

    anyio.run(main, backend="trio")


def test_without_the_extra_one_sentence_says_what_to_install():
    code = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from majordomo.errors import MissingExtra\n"
        "try:\n"
        "    from majordomo.http.aiohttp_transport import AiohttpTransport\n"
        "except MissingExtra as error:\n"
        "    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "AiohttpTransport needs an extra: pip install 'executus[fast]'\n"


async def test_a_name_that_does_not_resolve_in_time_is_a_connect_timeout(monkeypatch):
    async def never(*args, **kwargs):
        await anyio.sleep_forever()

    monkeypatch.setattr(aiohttp_transport, "CONNECT_TIMEOUT_S", 0.01)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
    transport = AiohttpTransport()
    with pytest.raises(TransportError) as caught:
        await transport.open(HTTPRequest(url="http://vendor.invalid/"))
    assert (caught.value.code, caught.value.safe_to_replay) == ("connect_timeout", True)
    await transport.aclose()


async def test_a_proxy_by_hand_replaces_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "vendor.invalid")
    async with LoopbackServer(lambda request: JSONAnswer(200, request.path)) as server:
        for transport, path in (
            (AiohttpTransport(proxy=server.url), "http://vendor.invalid/v1"),
            (AiohttpTransport(proxy=""), "/v1"),
        ):
            host = "http://vendor.invalid" if path.startswith("http") else server.url
            response = await transport.open(HTTPRequest(url=f"{host}/v1"))
            assert await read_body(response) == f'"{path}"'.encode()
            await response.aclose()
            await transport.aclose()


async def test_the_password_of_a_proxy_arrives_there():
    async with LoopbackServer(lambda request: JSONAnswer(200, 1)) as server:
        proxy = server.url.replace("http://", "http://user:secret@")
        transport = AiohttpTransport(proxy=proxy)
        response = await transport.open(HTTPRequest(url="http://vendor.invalid/v1"))
        await response.aclose()
        await transport.aclose()
    assert server.requests[0].headers["proxy-authorization"] == "Basic dXNlcjpzZWNyZXQ="
