"""A daemon on this machine as a target: methods over `/rpc`, events over `/events`."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json

from executus_gateway.api import fault_from
from executus_gateway.errors import DaemonFailed
from executus_gateway.schema import Event
from executus_gateway.sdk.daemonstart import DaemonAddress, find_daemon, start_daemon
from majordomo.http import (
    HTTPRequest,
    HTTPResponse,
    HttpxTransport,
    LineTooLong,
    SSEReader,
    Transport,
    TransportError,
    read_body,
)

__all__ = ["DaemonTarget"]

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
MAX_ANSWER_BYTES: Final = 128 * 1024 * 1024
"""Above what a gateway keeps of all its runs."""
_JSON: Final = ("content-type", "application/json")


class _Fault(BaseModel):
    code: str
    message: str


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    result: Any = None
    error: _Fault | None = None


class DaemonTarget:
    """A `Target`.

    Args:
        address: Of a daemon, from `find_daemon` or `start_daemon`.
        transport: Sends requests; one given is the caller's to close.
    """

    def __init__(self, address: DaemonAddress, transport: Transport | None = None) -> None:
        self.address = address
        self._owns_transport = transport is None
        self._transport = transport or HttpxTransport(direct=True)

    @classmethod
    async def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        start: bool = True,
    ) -> Self:
        """The daemon of a folder.

        Args:
            folder: Its path.
            start: Start one when there is none.

        Raises:
            DaemonFailed: There is none, or none comes up.
        """
        address = await start_daemon(folder) if start else find_daemon(folder)
        if address is None:
            raise DaemonFailed(
                f"no daemon serves {folder}: start one with `executus-gateway daemon run`"
            )
        return cls(address)

    async def request(self, method: str, params: Mapping[str, Any]) -> Any:
        """Call a method; waits as long as it takes.

        Raises:
            DaemonFailed: The daemon cannot be reached, or ended meanwhile.
            GatewayError: What the gateway says of the request.
        """
        given = {key: value for key, value in params.items() if value is not None}
        body = to_json({"method": method, "params": given})
        response = await self._open("POST", "/rpc", body)
        try:
            answer = _Answer.model_validate_json(
                await read_body(response, max_bytes=MAX_ANSWER_BYTES)
            )
        except TransportError as error:
            raise self._lost(error) from error
        except ValidationError as error:
            raise DaemonFailed(f"{self.address.url} does not answer as a gateway does") from error
        finally:
            await response.aclose()
        if answer.error is not None:
            raise fault_from(answer.error.code, answer.error.message)
        return answer.result

    @asynccontextmanager
    async def events(self) -> AsyncGenerator[AsyncIterator[Event]]:
        """Events from now on; the stream ends with the daemon, or when its reader is too slow."""
        response = await self._open("GET", "/events")
        try:
            first = await self._chunk(response)  # the daemon watches since then
            async with aclosing(self._read(response, first)) as events:
                yield events
        finally:
            await response.aclose()

    async def login_url(self) -> str:
        """An address that opens the console in a browser, once, within a minute."""
        made = await self.request("login.ticket", {})
        return f"{self.address.url}{made['path']}"

    async def stop(self) -> None:
        """Tell the daemon to end; it does so after this returned."""
        await self.request("daemon.stop", {})

    async def aclose(self) -> None:
        """Close the connections; the daemon goes on."""
        if self._owns_transport:
            await self._transport.aclose()

    async def _read(self, response: HTTPResponse, first: bytes) -> AsyncGenerator[Event]:
        reader = SSEReader(MAX_EVENT_BYTES)
        chunk = first
        while chunk:
            try:
                payloads = reader.feed(chunk)
            except LineTooLong as error:
                raise DaemonFailed("an event of the gateway is too long to be read") from error
            for payload in payloads:
                yield Event.model_validate_json(payload)
            chunk = await self._chunk(response)

    async def _chunk(self, response: HTTPResponse) -> bytes:
        try:
            return await response.read_chunk()
        except TransportError:
            return b""  # a daemon that ended: the stream is over

    async def _open(self, method: str, path: str, body: bytes = b"") -> HTTPResponse:
        headers = [("authorization", f"Bearer {self.address.token}")]
        request = HTTPRequest(
            method=method,
            url=f"{self.address.url}{path}",
            headers=(*headers, _JSON) if body else tuple(headers),
            body=body,
        )
        try:
            return await self._transport.open(request)
        except TransportError as error:
            raise self._lost(error) from error

    def _lost(self, error: TransportError) -> DaemonFailed:
        if error.code == "body_too_large":
            return DaemonFailed("the gateway's answer is too long to be read: ask for less of it")
        return DaemonFailed(
            f"the gateway's daemon at {self.address.url} is gone ({error.code}): ask again, a new "
            "one is started by the next client"
        )
