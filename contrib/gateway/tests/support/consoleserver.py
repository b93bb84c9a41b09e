"""The console on loopback, as the daemon will serve it, below `/console`."""

import asyncio
from contextlib import asynccontextmanager

import uvicorn
from executus_gateway.web import console_routes
from starlette.applications import Starlette
from starlette.routing import Mount

from majordomo.clock import SYSTEM_CLOCK


def console_app(gateway):
    return Starlette(routes=[Mount("/console", routes=console_routes(gateway))])


@asynccontextmanager
async def served_console(gateway, app=None):
    """Serve it, or another application; gives its address."""
    config = uvicorn.Config(
        app or console_app(gateway), host="127.0.0.1", port=0, log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    serving = asyncio.ensure_future(server._serve())
    while not server.started:
        await SYSTEM_CLOCK.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/console"
    finally:
        server.should_exit = True
        await serving
