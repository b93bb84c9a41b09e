"""`executus-gateway mcp`: the MCP endpoint over standard streams, for agents that know no other."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from executus.cli.process import DONE, run_async
from executus_gateway.cli.connecting import folder
from executus_gateway.mcp import bridge_stdio
from executus_gateway.sdk import start_daemon

__all__ = ["mcp"]


@click.command()
def mcp() -> int:
    """Serve MCP over standard input and output, for an agent that starts this as a program."""
    return run_async(partial(_bridge, folder()))


async def _bridge(home: Path) -> int:
    daemon = await start_daemon(home)
    await bridge_stdio(f"{daemon.url}/mcp", daemon.agent_token)
    return DONE
