"""One provider on two wires: each request goes over the one that can take it.

A wire decodes what it encoded itself, so the choice is made above the wires, between two complete
models of the same target. Which wire answered is told by a line at INFO on the logger
`majordomo.http` whenever the second one is taken, and by the wire named in the answer's state.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Protocol

from majordomo.errors import APIError
from majordomo.imagegen import ImageModel
from majordomo.llm.model import Access, Capabilities
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.providers.client import WireModel, WireProvider
from majordomo.providers.images import ImagingProvider
from majordomo.providers.wire import Endpoint
from majordomo.providers.wirestream import WireStream

__all__ = ["SwitchRule", "SwitchingModel", "SwitchingProvider"]

logger = logging.getLogger("majordomo.http")


class SwitchRule(Protocol):
    """Says which requests the first wire cannot take. Reasons are short, for the log."""

    def before(self, request: Request, model: str) -> str:
        """Why the second wire is needed; empty when the first will do."""
        ...

    def after(self, error: APIError, request: Request, model: str) -> str:
        """Why the second wire should take what the first was refused; empty when it should not.

        The refusal must mean that nothing has taken effect: the request is sent once more.
        """
        ...


class SwitchingProvider:
    """A provider on two wires at one endpoint.

    Args:
        first: Asked unless the rule says otherwise.
        second: Of the same name, so that both write and read the same transcripts.
        rule: Chooses.
    """

    def __init__(self, first: ImagingProvider, second: WireProvider, rule: SwitchRule) -> None:
        self.first = first
        self.second = second
        self.rule = rule

    @property
    def name(self) -> str:
        """Name it is registered under."""
        return self.first.name

    @property
    def endpoint(self) -> Endpoint:
        """Where it is."""
        return self.first.endpoint

    @property
    def access(self) -> Access:
        """How it is reached, and what it lacks."""
        return self.first.access

    def image_model(self, model_id: str) -> ImageModel:
        """The image model of that id; images have a wire of their own."""
        return self.first.image_model(model_id)

    def model(self, model_id: str) -> SwitchingModel:
        """The model of that id; not checked before use."""
        return SwitchingModel(self, model_id)


class SwitchingModel:
    """One target on two wires. One attempt per call, except when the first wire is refused."""

    def __init__(self, provider: SwitchingProvider, model_id: str) -> None:
        self._first: WireModel = provider.first.model(model_id)
        self._second: WireModel = provider.second.model(model_id)
        self._second_wire = provider.second.wire.name
        self._rule = provider.rule
        self._clock = provider.first.clock
        self._timeout_s = provider.endpoint.timeout_s

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.target}>"

    @property
    def target(self) -> Target:
        """The target."""
        return self._first.target

    @property
    def capabilities(self) -> Capabilities:
        """What it can take over the wire that takes more."""
        return self._second.capabilities

    async def complete(self, request: Request) -> Response:
        """Ask once; see `majordomo.llm.Model.complete`."""
        if reason := self._rule.before(request, self.target.model):
            return await self._switched(reason).complete(request)
        started = self._clock.monotonic()
        try:
            return await self._first.complete(request)
        except APIError as error:
            model = self._after(error, request)
        return await model.complete(self._in_time(request, started))

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[WireStream]:
        """Ask once and read as it comes; see `majordomo.llm.Model.stream`."""
        async with AsyncExitStack() as stack:
            yield await self._opened(request, stack)

    async def _opened(self, request: Request, stack: AsyncExitStack) -> WireStream:
        if reason := self._rule.before(request, self.target.model):
            return await stack.enter_async_context(self._switched(reason).stream(request))
        started = self._clock.monotonic()
        try:
            return await stack.enter_async_context(self._first.stream(request))
        except APIError as error:
            model = self._after(error, request)
        return await stack.enter_async_context(model.stream(self._in_time(request, started)))

    def _after(self, error: APIError, request: Request) -> WireModel:
        """The second model, when it should take what the first was refused.

        Raises:
            APIError: The error itself, when it should not.
        """
        reason = self._rule.after(error, request, self.target.model)
        if not reason:
            raise error
        return self._switched(reason)

    def _switched(self, reason: str) -> WireModel:
        logger.info("%s is asked over the wire %s: %s", self.target, self._second_wire, reason)
        return self._second

    def _in_time(self, request: Request, started: float) -> Request:
        """The request with the time that is left of its bound."""
        own = request.settings.timeout_s
        bound = self._timeout_s if own is None else own
        if bound is None:
            return request
        left_s = max(0.0, bound - (self._clock.monotonic() - started))
        return replace(request, settings=replace(request.settings, timeout_s=left_s))
