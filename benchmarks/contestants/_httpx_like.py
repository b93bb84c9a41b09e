"""The hand-written client on httpx's interface, shared by raw_httpx and raw_httpx2."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from ._api import KEY
from ._raw import Raw


class HttpxLike(Raw):
    HTTP: Any = None
    """The module: httpx or httpx2."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.url = base_url + "/chat/completions"
        self.client = self.HTTP.AsyncClient(
            headers={"authorization": f"Bearer {KEY}"},
            timeout=600,
            limits=self.HTTP.Limits(max_connections=1000, max_keepalive_connections=1000),
        )

    async def post(self, payload: dict[str, Any]) -> tuple[int, Any]:
        response = await self.client.post(self.url, json=payload)
        return response.status_code, response.json()

    async def events(self, payload: dict[str, Any]) -> AsyncIterator[str]:
        async with self.client.stream("POST", self.url, json=payload) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: ") and line != "data: [DONE]":
                    yield line[6:]

    async def close(self) -> None:
        await self.client.aclose()
