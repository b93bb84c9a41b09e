"""The connection to a daemon: one that is stuck is told of, and not waited for without end."""

import anyio
import pytest
from executus_gateway.errors import DaemonFailed
from executus_gateway.mcp import Endpoint, daemonlink
from executus_gateway.mcp.daemonlink import Agent, DaemonLink

from majordomo.tasks import TaskOwner


async def test_a_daemon_that_takes_connections_and_never_answers_is_told(monkeypatch):
    monkeypatch.setattr(daemonlink, "CONNECT_S", 0.3)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as stuck:
        port = stuck.extra(anyio.abc.SocketAttribute.local_port)

        async def find():
            return Endpoint(url=f"http://127.0.0.1:{port}/mcp", token="t", pid=1)

        with anyio.fail_after(30):
            async with TaskOwner() as owner:
                with pytest.raises(DaemonFailed, match=r"takes no connections \(TimeoutError\)"):
                    await DaemonLink(find, owner).client(Agent(info=None, asks=False))
