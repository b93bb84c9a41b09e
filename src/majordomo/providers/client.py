"""The provider and model all wires share: one attempt, sent and read within bounds."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.http import (
    HTTPRequest,
    HTTPResponse,
    HttpxTransport,
    Inflater,
    Transport,
    TransportError,
    read_body,
)
from majordomo.llm.model import Access, Capabilities
from majordomo.llm.output import OutputMode, lower_output, raise_answer
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.media import fit_request
from majordomo.providers.faults import WireFault, parse_json
from majordomo.providers.reporter import Reporter, request_id
from majordomo.providers.wire import Endpoint, ResponseMeta, Wire
from majordomo.providers.wirestream import MALFORMED, WireStream

__all__ = ["WireModel", "WireProvider"]

logger = logging.getLogger("majordomo.http")

DEFAULT_TRANSPORT: Transport = HttpxTransport()

_ERROR_BODY_BYTES = 64 * 1024
_BASE_HEADERS = (
    ("content-type", "application/json"),
    ("accept-encoding", "identity"),
    ("user-agent", "executus"),
)


class WireProvider:
    """A provider on HTTP: a wire at an endpoint.

    Args:
        wire: How it speaks.
        endpoint: Where it is.
        transport: What carries the bytes; one httpx2 transport shared by the process by default.
        clock: Limits calls and dates `Retry-After`.
    """

    def __init__(
        self,
        wire: Wire,
        endpoint: Endpoint,
        *,
        transport: Transport = DEFAULT_TRANSPORT,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.wire = wire
        self.endpoint = endpoint
        self.transport = transport
        self.clock = clock

    @property
    def name(self) -> str:
        """Name it is registered under."""
        return self.endpoint.provider

    @property
    def access(self) -> Access:
        """How it is reached, and what it lacks."""
        endpoint = self.endpoint
        keyed = endpoint.api_key is not None or not endpoint.needs_key
        configured = endpoint.base_url is not None and keyed
        return Access(
            base_url=endpoint.base_url,
            missing="" if configured else endpoint.key_hint or "configure its URL and key",
            unbounded=endpoint.timeout_s is None,
        )

    def model(self, model_id: str) -> WireModel:
        """The model of that id; not checked before use."""
        return WireModel(self, model_id)


class WireModel:
    """One target. Makes one attempt per call: trying again is the chain's business."""

    def __init__(self, provider: WireProvider, model_id: str) -> None:
        self._endpoint = provider.endpoint
        self._transport = provider.transport
        self._clock = provider.clock
        self._wire = provider.wire
        self._target = Target(provider.name, model_id)
        self._capabilities, self._output_mode = self._wire.describe(model_id)
        if self._endpoint.vision is not None:
            self._capabilities = replace(self._capabilities, vision=self._endpoint.vision)
        self._reporter = Reporter(self._target, self._wire, self._clock)
        self._stream_type = self._wire.reader().media_type

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._target}>"

    @property
    def target(self) -> Target:
        """The target."""
        return self._target

    @property
    def capabilities(self) -> Capabilities:
        """What it can take, as far as the wire knows."""
        return self._capabilities

    async def complete(self, request: Request) -> Response:
        """Ask once; see `majordomo.llm.Model.complete`."""
        timeout_s = self._timeout_s(request)
        with self._clock.deadline(timeout_s):
            message = await self._encode(request, streaming=False)
            return await self._exchange(message, request)
        raise self._reporter.timed_out(timeout_s or 0)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[WireStream]:
        """Ask once and read as it comes; see `majordomo.llm.Model.stream`."""
        timeout_s = self._timeout_s(request)
        ends = math.inf if timeout_s is None else self._clock.monotonic() + timeout_s
        response: HTTPResponse | None = None
        with self._clock.deadline(timeout_s):
            response = await self._open(await self._encode(request, streaming=True))
        if response is None:
            raise self._reporter.timed_out(timeout_s or 0)
        try:
            yield self._read_stream(response, request, ends, timeout_s or 0)
        finally:
            await response.aclose()

    def _read_stream(
        self, response: HTTPResponse, request: Request, ends: float, timeout_s: float
    ) -> WireStream:
        try:
            return WireStream(
                response,
                wire=self._wire,
                target=self._target,
                reporter=self._reporter,
                clock=self._clock,
                ends=ends,
                timeout_s=timeout_s,
                finish=partial(self._finish, request),
            )
        except TransportError as error:  # an encoding nobody asked for
            raise self._reporter.transport_failed(error) from error

    def _timeout_s(self, request: Request) -> float | None:
        return request.settings.limit_s(self._endpoint.timeout_s)

    async def _encode(self, request: Request, *, streaming: bool) -> HTTPRequest:
        endpoint = self._endpoint
        if endpoint.base_url is None:
            raise self._reporter.not_configured("missing_url", f"no URL; {endpoint.key_hint}")
        key = endpoint.api_key
        if key is None and endpoint.needs_key:
            raise self._reporter.not_configured("missing_key", f"no API key; {endpoint.key_hint}")
        fitted = await fit_request(request, self._capabilities, target=self._target)
        lowered = lower_output(fitted, self._output_mode)
        call = self._wire.encode(lowered, self._target, streaming=streaming)
        if key is not None and not isinstance(key, str):
            key = await key()
        if key and not (key.isascii() and key.isprintable()):
            raise self._reporter.not_configured(
                "bad_key", f"the API key has a character no header can carry; {endpoint.key_hint}"
            )
        if key:
            self._reporter.conceal(key)
        auth = self._wire.auth(key) if key else ()
        accept = ("accept", self._stream_type if streaming else "application/json")
        return HTTPRequest(
            url=endpoint.base_url + call.path,
            headers=(*_BASE_HEADERS, accept, *call.headers, *auth, *endpoint.headers),
            body=call.body,
        )

    async def _exchange(self, message: HTTPRequest, request: Request) -> Response:
        response = await self._open(message)
        try:
            body = await read_body(response)
        except TransportError as error:
            raise self._reporter.transport_failed(error) from error
        finally:
            await response.aclose()
        return self._decode(body, response, request)

    async def _open(self, message: HTTPRequest) -> HTTPResponse:
        try:
            response = await self._transport.open(message)
        except TransportError as error:
            raise self._reporter.transport_failed(error) from error
        logger.debug("%s answered %d", self._target, response.status)
        if 200 <= response.status < 300:
            return response
        try:
            body = await _error_body(response)
        finally:
            await response.aclose()
        raise self._reporter.refused(response.status, response.headers, body)

    def _decode(self, body: bytes, response: HTTPResponse, request: Request) -> Response:
        meta = ResponseMeta(
            target=self._target,
            request_id=request_id(response.headers),
            raw=body if request.keep_raw else None,
        )
        try:
            decoded = self._wire.decode(parse_json(body), meta)
        except WireFault as error:
            raise self._reporter.failed(error.fault, response.headers, body) from error
        except MALFORMED as error:
            raise self._reporter.malformed(error, response.headers, body) from error
        return self._finish(request, decoded)

    def _finish(self, request: Request, response: Response) -> Response:
        """Undo what `lower_output` did to the request."""
        if request.output is not None and self._output_mode is OutputMode.TOOL:
            return raise_answer(response)
        return response


async def _error_body(response: HTTPResponse) -> bytes:
    """The start of an error answer's body; a broken one must not hide the status."""
    body = b""
    try:
        inflater = Inflater(response.headers.get("content-encoding", ""), _ERROR_BODY_BYTES)
        while len(body) < _ERROR_BODY_BYTES and (chunk := await response.read_chunk()):
            body += inflater.feed(chunk)
    except TransportError:
        return body
    return body
