"""An MCP client of a daemon's endpoint, with a token."""

from contextlib import asynccontextmanager

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


@asynccontextmanager
async def mcp_client(url, token, **options):
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=None, trust_env=False) as http:
        streams = streamable_http_client(url, http_client=http)
        async with Client(streams, **options) as client:
            yield client
