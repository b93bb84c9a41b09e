"""One daemon: the folder's lock makes it the only one, a signal or a request ends it."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import version
from typing import Any, Final

import anyio

from executus.egress import Egress
from executus_gateway.assembly import open_local
from executus_gateway.daemon.idling import Idling
from executus_gateway.daemon.logfile import log_to_file
from executus_gateway.daemon.serving import HttpServer, bound_socket
from executus_gateway.daemon.settings import DaemonSettings
from executus_gateway.errors import DaemonFailed, GatewayError, StateLocked
from executus_gateway.local import DaemonFiles, DaemonRecord
from executus_gateway.server import make_app
from executus_gateway.service import Gateway
from executus_gateway.web import console_routes
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["run_daemon"]

logger = logging.getLogger("executus_gateway.daemon")

VERSION: Final = version("executus-gateway")
LOCK_TRIES: Final = 20
LOCK_PAUSE_S: Final = 0.05
LOOK_S: Final = 1.0
_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def run_daemon(
    folder: str | os.PathLike[str], settings: DaemonSettings, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Serve a folder until SIGTERM, SIGINT or SIGHUP comes, or `daemon.stop` is called.

    Runs that compute when it ends are told as interrupted by the next daemon; paused ones go on.

    Args:
        folder: Made when missing.
        settings: See there.
        clock: Times everything.

    Raises:
        StateLocked: Another process has the folder.
        StateDamaged: What is stored there cannot be read.
        DaemonFailed: The port is taken.
    """
    files = DaemonFiles(folder)
    files.prepare()
    with log_to_file(
        files.log,
        max_bytes=settings.daemon_log_bytes,
        secrets=[files.token(), files.agent_token()],
    ):
        try:
            async with AsyncExitStack() as stack:
                gateway = await _opened(stack, files, settings, clock)
                files.forget()  # what a daemon that was killed has left
                listening = stack.enter_context(_listening(settings.port))
                stack.callback(files.forget)
                await _Daemon(gateway, files, settings, listening, clock).serve()
        except GatewayError as error:
            logger.error("the daemon ends: %s", error)  # noqa: TRY400 - a sentence, no traceback
            raise


async def _opened(
    stack: AsyncExitStack, files: DaemonFiles, settings: DaemonSettings, clock: Clock
) -> Gateway:
    """Open the folder. Who looks whether it is locked holds it for a moment: then try again."""
    guard = Egress(allow_hosts=settings.allow_hosts)
    opened = partial(open_local, files.folder, guard=guard, log_bytes=settings.log_bytes)
    for _ in range(LOCK_TRIES):
        try:
            return await stack.enter_async_context(opened())
        except StateLocked:
            if files.alive() is not None:
                raise
            await clock.sleep(LOCK_PAUSE_S)
    return await stack.enter_async_context(opened())


def _listening(port: int) -> socket.socket:
    try:
        return bound_socket(port)
    except OSError as error:
        raise DaemonFailed(
            f"port {port} cannot be had ({error.strerror}): choose another, or 0 for a free one"
        ) from error


class _Daemon:
    def __init__(
        self,
        gateway: Gateway,
        files: DaemonFiles,
        settings: DaemonSettings,
        listening: socket.socket,
        clock: Clock,
    ) -> None:
        self._gateway = gateway
        self._files = files
        self._settings = settings
        self._listening = listening
        self._clock = clock
        self._record = DaemonRecord(
            pid=os.getpid(), port=listening.getsockname()[1], version=VERSION
        )
        app = make_app(
            gateway,
            token=files.token(),
            agent_token=files.agent_token(),
            port=self._record.port,
            console=console_routes(gateway),
            methods={"daemon.stop": self._stop},
            about={"version": VERSION, "pid": self._record.pid},
            clock=clock,
        )
        self._idling = Idling(app, clock)
        self._server = HttpServer(self._idling)

    async def serve(self) -> None:
        """Until it is told to end."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._tell_when_ready)
            group.start_soon(self._hear_signals)
            if self._settings.idle_stop_s:
                group.start_soon(self._stop_when_idle)
            await self._server.serve(sockets=[self._listening])
            group.cancel_scope.cancel()
        logger.info("stopped")

    async def _tell_when_ready(self) -> None:
        while not self._server.started:
            await self._clock.sleep(0.01)
        self._files.write(self._record)
        logger.info("serving %s at %s", self._files.folder, self._record.url)

    async def _hear_signals(self) -> None:
        with anyio.open_signal_receiver(*_ENDING) as signals:
            async for number in signals:
                logger.info("told to stop by %s", signal.Signals(number).name)
                self._server.stop()

    async def _stop_when_idle(self) -> None:
        while True:
            await self._clock.sleep(min(LOOK_S, self._settings.idle_stop_s))
            busy = any(run.state == "running" for run in self._gateway.runs())
            if not busy and self._idling.idle_s >= self._settings.idle_stop_s:
                logger.info("nobody asked for %g s", self._settings.idle_stop_s)
                self._server.stop()
                return

    async def _stop(self, params: Mapping[str, Any]) -> Any:
        del params
        self._server.stop()
        return {"pid": self._record.pid}
