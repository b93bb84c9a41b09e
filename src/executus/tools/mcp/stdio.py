"""A server as a process: lines of bounded length over its standard streams, and a sure end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import anyio
from anyio.abc import Process
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from executus.tools.mcp.errors import McpError
from executus.tools.mcp.stderrlog import stderr_to_log
from executus.tools.mcp.targets import StdioTarget
from majordomo.clock import SYSTEM_CLOCK

__all__ = ["MAX_MESSAGE_BYTES", "child_environment", "stdio_streams"]

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""Of one message in either transport: 20 MiB of images in base64, and some text."""
EXIT_S = 2.0
_READ_BYTES = 64 * 1024
_POLL_S = 0.01
_GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)
_PASSED_ON = (
    ("APPDATA", "LOCALAPPDATA", "PATH", "PATHEXT", "SYSTEMROOT", "TEMP", "USERPROFILE")
    if sys.platform == "win32"
    else ("HOME", "PATH")
)

Streams: TypeAlias = tuple[
    MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]
]


def child_environment(given: Mapping[str, str]) -> dict[str, str]:
    """What a child process gets: what is needed to find programs and a home, and what is given."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | dict(given)


@asynccontextmanager
async def stdio_streams(
    target: StdioTarget, name: str, scrub: Callable[[str], str]
) -> AsyncGenerator[Streams]:
    """Start the process; leaving ends it and what it started: asked, then SIGTERM, then SIGKILL.

    A line over 32 MiB ends the connection; one that is no message is skipped. It is ended in real
    time whatever clock the host has: a process knows no other.

    Raises:
        OSError: It cannot be started.
    """
    with stderr_to_log(name, scrub) as errors:
        process = await anyio.open_process(
            [target.command, *target.args],
            env=child_environment(target.env),
            cwd=target.cwd,
            stderr=errors,
            start_new_session=True,
        )
    # No await from here to the group: a cancellation between them would leave the process.
    arriving, arrived = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    leaving, to_write = anyio.create_memory_object_stream[SessionMessage](0)
    with arrived, leaving:
        async with anyio.create_task_group() as group:
            group.start_soon(_read, process, arriving)
            group.start_soon(_write, process, to_write, arriving)
            try:
                yield arrived, leaving
            finally:
                with anyio.CancelScope(shield=True):
                    arrived.close()
                    leaving.close()
                    await _stop(process)
                group.cancel_scope.cancel()


async def _read(
    process: Process, arriving: MemoryObjectSendStream[SessionMessage | Exception]
) -> None:
    assert process.stdout is not None  # noqa: S101 - it is started with pipes
    held = bytearray()
    with arriving, suppress(*_GONE, anyio.EndOfStream):
        while True:
            chunk = await process.stdout.receive(_READ_BYTES)
            searched = len(held)
            held += chunk
            while (end := held.find(b"\n", searched)) >= 0:
                await arriving.send(_message(bytes(held[:end])))
                del held[: end + 1]
                searched = 0
            if len(held) > MAX_MESSAGE_BYTES:
                await arriving.send(McpError(f"a line over {MAX_MESSAGE_BYTES} bytes"))
                return


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error


async def _write(
    process: Process,
    to_write: MemoryObjectReceiveStream[SessionMessage],
    arriving: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    assert process.stdin is not None  # noqa: S101 - it is started with pipes
    try:
        with to_write:
            async for one in to_write:
                text = one.message.model_dump_json(by_alias=True, exclude_unset=True)
                await process.stdin.send(text.encode() + b"\n")
    except _GONE:
        arriving.close()  # who waits for an answer learns that none will come


async def _stop(process: Process) -> None:
    if process.stdin is not None:
        with SYSTEM_CLOCK.deadline(EXIT_S), suppress(*_GONE):
            await process.stdin.aclose()
    stopped = await _exited(process)
    for signum in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if not stopped:
            _signal_all(process, signum)
            stopped = await _exited(process)
    # What the server started and left behind, in its process group.
    _signal_all(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    with SYSTEM_CLOCK.deadline(EXIT_S), suppress(*_GONE):
        await process.aclose()
    _close_transport(process)


async def _exited(process: Process) -> bool:
    """Whether it ends soon; not by `wait`, which waits for grandchildren that hold its pipes."""
    with SYSTEM_CLOCK.deadline(EXIT_S):
        while process.returncode is None:
            await SYSTEM_CLOCK.sleep(_POLL_S)
    return process.returncode is not None


def _signal_all(process: Process, signum: int) -> None:
    with suppress(OSError):
        if sys.platform == "win32":
            process.send_signal(signal.Signals(signum))
        else:
            os.killpg(process.pid, signum)  # it leads a group of its own


def _close_transport(process: Process) -> None:
    """Give up asyncio's pipes when an escaped grandchild still holds them; trio keeps none."""
    inner: Any = getattr(process, "_process", None)
    transport: Any = getattr(inner, "_transport", None)
    if transport is not None:
        with suppress(OSError):
            transport.close()
