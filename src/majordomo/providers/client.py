"""The provider and model all wires share: one attempt, sent and read within bounds."""

from __future__ import annotations

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
    Transport,
    TransportError,
)
from majordomo.llm.model import Access, Capabilities
from majordomo.llm.output import OutputMode, lower_output, raise_answer
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.media import fit_request
from majordomo.providers.exchange import Exchange
from majordomo.providers.wire import Endpoint, Vendor, Wire
from majordomo.providers.wirestream import WireStream

__all__ = ["WireModel", "WireProvider"]

DEFAULT_TRANSPORT: Transport = HttpxTransport()


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

    def exchange(self, vendor: Vendor, target: Target) -> Exchange:
        """How that target is called at this endpoint."""
        return Exchange(vendor, self.endpoint, target, transport=self.transport, clock=self.clock)

    def model(self, model_id: str) -> WireModel:
        """The model of that id; not checked before use."""
        return WireModel(self, model_id)


class WireModel:
    """One target. Makes one attempt per call: trying again is the chain's business."""

    def __init__(self, provider: WireProvider, model_id: str) -> None:
        self._clock = provider.clock
        self._wire = provider.wire
        self._target = Target(provider.name, model_id)
        self._capabilities, self._output_mode = self._wire.describe(model_id)
        vision = provider.endpoint.vision
        if vision is not None:
            self._capabilities = replace(self._capabilities, vision=vision)
        self._endpoint_timeout_s = provider.endpoint.timeout_s
        self._exchange = provider.exchange(self._wire, self._target)
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
            answer = await self._exchange.fetch(await self._encode(request, streaming=False))
            decoded = self._exchange.decode(answer, self._wire.decode, keep_raw=request.keep_raw)
            return self._finish(request, decoded)
        raise self._exchange.reporter.timed_out(timeout_s or 0)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[WireStream]:
        """Ask once and read as it comes; see `majordomo.llm.Model.stream`."""
        timeout_s = self._timeout_s(request)
        ends = math.inf if timeout_s is None else self._clock.monotonic() + timeout_s
        response: HTTPResponse | None = None
        with self._clock.deadline(timeout_s):
            response = await self._exchange.open(await self._encode(request, streaming=True))
        if response is None:
            raise self._exchange.reporter.timed_out(timeout_s or 0)
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
                reporter=self._exchange.reporter,
                clock=self._clock,
                ends=ends,
                timeout_s=timeout_s,
                finish=partial(self._finish, request),
            )
        except TransportError as error:  # an encoding nobody asked for
            raise self._exchange.reporter.transport_failed(error) from error

    def _timeout_s(self, request: Request) -> float | None:
        return request.settings.limit_s(self._endpoint_timeout_s)

    async def _encode(self, request: Request, *, streaming: bool) -> HTTPRequest:
        self._exchange.check_configured()  # before anything else can be wrong
        fitted = await fit_request(request, self._capabilities, target=self._target)
        lowered = lower_output(fitted, self._output_mode)
        call = self._wire.encode(lowered, self._target, streaming=streaming)
        accept = self._stream_type if streaming else "application/json"
        return await self._exchange.request(
            call.path, body=call.body, headers=call.headers, accept=accept
        )

    def _finish(self, request: Request, response: Response) -> Response:
        """Undo what `lower_output` did to the request."""
        if request.output is not None and self._output_mode is OutputMode.TOOL:
            return raise_answer(response)
        return response
