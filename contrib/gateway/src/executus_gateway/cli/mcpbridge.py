"""`executus-gateway mcp`: the MCP endpoint over standard streams, for agents that know no other."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from executus.cli.process import DONE, run_async
from executus_gateway.cli.connecting import folder
from executus_gateway.mcp import Endpoint, bridge_stdio
from executus_gateway.sdk import start_daemon

__all__ = ["mcp"]


@click.command()
def mcp() -> int:
    """Serve MCP over standard input and output, for an agent that starts this as a program.

    It outlives daemons: one that ended is started anew when the agent asks something.
    """
    return run_async(partial(_bridge, folder()))


async def _bridge(home: Path) -> int:
    async def find() -> Endpoint:
        daemon = await start_daemon(home)
        return Endpoint(url=f"{daemon.url}/mcp", token=daemon.agent_token, pid=daemon.pid)

    await bridge_stdio(find)
    return DONE
