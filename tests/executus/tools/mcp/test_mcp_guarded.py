"""A guarded endpoint: connections past the egress guard, and what is told of those it refuses."""

import pickle

import anyio
import pytest
from mcpwire import mcp_wire

from executus.egress import Egress
from executus.tools.mcp import McpError, McpUnavailable
from executus.tools.mcp.connection import Connection
from executus.tools.mcp.sdk import opener
from executus.tools.mcp.targets import HttpTarget
from majordomo.clock import SYSTEM_CLOCK

pytestmark = [
    pytest.mark.slow,
    # The SDK and its HTTP client leave event streams to the garbage collector; trio tells.
    pytest.mark.filterwarnings("ignore:Async generator '(httpx2|httpcore2|mcp):ResourceWarning"),
]


def connection(port, guard):
    target = HttpTarget(url=f"http://127.0.0.1:{port}/mcp", guard=guard)

    async def listed(tools):
        await anyio.lowlevel.checkpoint()

    open_session = opener("w", target, SYSTEM_CLOCK)
    return Connection("w", open_session, listed, clock=SYSTEM_CLOCK, connect_timeout_s=60)


def allowed(port):
    return connection(port, Egress(allow_hosts=["127.0.0.1"]))


async def test_an_allowed_endpoint_is_spoken_to():
    async with mcp_wire() as wire, allowed(wire.port) as kept:
        result = await kept.call("ping", {})
    assert result["content"][0]["text"] == "pong"


async def test_a_refused_endpoint_is_told_in_the_guards_words():
    async with mcp_wire() as wire:
        async with connection(wire.port, Egress()) as kept:
            with pytest.raises(McpUnavailable, match="not a public address but loopback"):
                await kept.call("ping", {})
        assert wire.heads == []


async def test_a_refusal_has_its_status_and_what_is_wanted():
    challenge = 'Bearer error="insufficient_scope", scope="a"'
    headers = {"content-type": "text/plain", "www-authenticate": challenge}
    async with mcp_wire() as wire, allowed(wire.port) as kept:
        await kept.connect()
        wire.on["tools/call"] = lambda message: (403, headers, b"no")
        with pytest.raises(McpError) as caught:
            await kept.call("ping", {})
    again = pickle.loads(pickle.dumps(caught.value))
    for error in (caught.value, again):
        assert (error.status, error.challenge) == (403, challenge)
        assert "HTTP 403" in str(error)
