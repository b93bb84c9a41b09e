"""raw_httpx on aiohttp, which the transport of the extra `fast` is made of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from ._api import KEY
from ._raw import Raw

REQUIRES = ["aiohttp"]


class Contestant(Raw):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.url = base_url + "/chat/completions"
        self.opened: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        """Made late: it needs a running loop."""
        if self.opened is None:
            self.opened = aiohttp.ClientSession(
                headers={"authorization": f"Bearer {KEY}"},
                connector=aiohttp.TCPConnector(limit=1000),
                timeout=aiohttp.ClientTimeout(total=600),
            )
        return self.opened

    async def post(self, payload: dict[str, Any]) -> tuple[int, Any]:
        async with self.session().post(self.url, json=payload) as response:
            return response.status, await response.json()

    async def events(self, payload: dict[str, Any]) -> AsyncIterator[str]:
        async with self.session().post(self.url, json=payload) as response:
            async for line in response.content:
                if line.startswith(b"data: ") and not line.startswith(b"data: [DONE]"):
                    yield line[6:].decode()

    async def close(self) -> None:
        if self.opened is not None:
            await self.opened.close()
