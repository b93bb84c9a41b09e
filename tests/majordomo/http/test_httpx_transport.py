import httpx2
import pytest

from executus.testing.server import JSONAnswer, LoopbackServer
from majordomo.http import HTTPRequest, HttpxTransport


@pytest.fixture
async def server():
    async with LoopbackServer(lambda request: JSONAnswer(200, {})) as server:
        yield server


async def test_an_injected_client_is_used_and_stays_its_owners_to_close(server):
    seen = []

    async def hook(request):
        seen.append(request.url.path)

    client = httpx2.AsyncClient(
        event_hooks={"request": [hook]}, follow_redirects=True, trust_env=False
    )
    async with client:
        transport = HttpxTransport(client)
        server.enqueue(JSONAnswer(307, None, {"location": "/elsewhere"}))
        response = await transport.open(HTTPRequest(url=f"{server.url}/here"))
        assert response.status == 307
        await response.aclose()
        assert seen == ["/here"]
        await transport.aclose()
        assert not client.is_closed
        assert (await client.post(server.url)).status_code == 200


async def test_a_direct_transport_uses_no_proxy_whatever_the_environment_says(server, monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    direct = HttpxTransport(direct=True)
    await (await direct.open(HTTPRequest(url=f"{server.url}/v1"))).aclose()
    assert [request.path for request in server.requests] == ["/v1"]
    await direct.aclose()
