"""The console of a real gateway, asked as a browser asks it, without a network."""

import httpx2
import pytest
from consoleserver import console_app
from pagereader import ConsolePage

JSON = {"content-type": "application/json"}


class Asker:
    """Reads pages and sends forms."""

    def __init__(self, client):
        self.client = client

    async def get(self, path, **options):
        return await self.client.get(f"/console{path}", **options)

    async def page(self, path, status=200):
        answer = await self.get(path)
        assert answer.status_code == status, answer.text
        return ConsolePage(answer.text)

    async def send(self, action, status=200, /, **fields):
        """What the console's script sends for a form; gives the sentence that is told."""
        texts = {
            name.replace("__", ":"): [value] if isinstance(value, str) else value
            for name, value in fields.items()
        }
        answer = await self.client.post(f"/console/act/{action}", json=texts)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
async def console(gateway):
    transport = httpx2.ASGITransport(console_app(gateway))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield Asker(client)
