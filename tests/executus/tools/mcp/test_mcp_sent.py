"""Of a request that failed is known whether it can have reached the server."""

import httpx2
import pytest

from executus.testing import JSONAnswer, LoopbackServer
from executus.tools.mcp.httpwire import ANSWERED, Answered, http_client


@pytest.fixture
def note():
    made = Answered()
    token = ANSWERED.set(made)
    yield made
    ANSWERED.reset(token)


async def test_what_finds_no_server_was_not_sent(note):
    async with LoopbackServer(lambda request: JSONAnswer(body={})) as server:
        url = server.url
    async with http_client({}, None, Answered()) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.post(url)
    assert not note.sent


async def test_what_was_answered_was_sent(note):
    async with (
        LoopbackServer(lambda request: JSONAnswer(body={})) as server,
        http_client({}, None, Answered()) as client,
    ):
        assert not note.sent
        await client.post(server.url)
    assert note.sent
