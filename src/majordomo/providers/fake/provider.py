"""The fake provider and its models: queues of outcomes first, the offline model after them."""

from __future__ import annotations

import inspect
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NoReturn

import anyio

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import APIError, ErrorKind, UnsupportedRequest
from majordomo.llm.model import Capabilities
from majordomo.llm.output import OutputMode, lower_output, raise_answer
from majordomo.llm.parts import ImagePart
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.providers.fake.offline import answer
from majordomo.providers.fake.playback import FakeStream
from majordomo.providers.fake.script import (
    Delay,
    Hang,
    Outcome,
    Reply,
    StreamBreak,
    build_response,
)
from majordomo.tasks import checkpoint

__all__ = ["FakeModel", "FakeProvider"]

MAX_REQUESTS = 10_000

Settled = str | Reply | Response | StreamBreak


class FakeProvider:
    """Answers without a network.

    Each model has its own queue of outcomes; one call takes one. With an empty queue a model
    answers by itself, deterministically (`majordomo.providers.fake.offline`).

    Args:
        name: Name it is registered under.
        capabilities: What its models can take, unless `describe` says otherwise.
        output_mode: How its models are told an output schema.
        chunk_chars: Characters per streamed delta, at least 1.
        clock: Spends `Delay`s and limits calls that have a timeout.
        max_requests: Recorded requests; the oldest are dropped, so that a long-lived process
            does not keep every transcript.

    Raises:
        ValueError: `chunk_chars` is below 1.
    """

    def __init__(
        self,
        name: str = "fake",
        *,
        capabilities: Capabilities | None = None,
        output_mode: OutputMode = OutputMode.NATIVE,
        chunk_chars: int = 4,
        clock: Clock = SYSTEM_CLOCK,
        max_requests: int = MAX_REQUESTS,
    ) -> None:
        if chunk_chars < 1:
            raise ValueError(f"chunk_chars must be at least 1, not {chunk_chars}")
        self._name = name
        self._default = capabilities or Capabilities()
        self._overrides: dict[str, Capabilities] = {}
        self._queues: defaultdict[str, deque[Outcome]] = defaultdict(deque)
        self._requests: deque[tuple[str, Request]] = deque(maxlen=max_requests)
        self.output_mode = output_mode
        self.chunk_chars = chunk_chars
        self.clock = clock

    @property
    def name(self) -> str:
        """Name it is registered under."""
        return self._name

    @property
    def requests(self) -> list[tuple[str, Request]]:
        """(model id, request) of every call so far, in order."""
        return list(self._requests)

    def model(self, model_id: str) -> FakeModel:
        """The model of that id; every id exists."""
        return FakeModel(self, model_id)

    def enqueue(self, model_id: str, *outcomes: Outcome) -> None:
        """Script the next calls of a model, in order."""
        self._queues[model_id].extend(outcomes)

    def pending(self, model_id: str) -> int:
        """How many outcomes of a model have not been used."""
        return len(self._queues[model_id])

    def describe(self, model_id: str, capabilities: Capabilities) -> None:
        """Say what one model can take; holds for models handed out before, too."""
        self._overrides[model_id] = capabilities

    def capabilities(self, model_id: str) -> Capabilities:
        """What a model can take."""
        return self._overrides.get(model_id, self._default)

    def take(self, model_id: str, request: Request) -> Outcome:
        """Record a call and say what it shall do."""
        self._requests.append((model_id, request))
        queue = self._queues[model_id]
        return queue.popleft() if queue else answer(request, self.output_mode)


class FakeModel:
    """One target of a `FakeProvider`. Keeps nothing between calls."""

    def __init__(self, provider: FakeProvider, model_id: str) -> None:
        self._provider = provider
        self._target = Target(provider.name, model_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._target}>"

    @property
    def target(self) -> Target:
        """The target."""
        return self._target

    @property
    def capabilities(self) -> Capabilities:
        """What it can take."""
        return self._provider.capabilities(self._target.model)

    async def complete(self, request: Request) -> Response:
        """Ask once; see `majordomo.llm.Model.complete`."""
        settled = await self._settle(request)
        if isinstance(settled, StreamBreak):
            raise settled.error
        response = build_response(settled, request, self._target)
        if request.output is not None and self._provider.output_mode is OutputMode.TOOL:
            return raise_answer(response)
        return response

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[FakeStream]:
        """Ask once and read as it comes; see `majordomo.llm.Model.stream`."""
        settled = await self._settle(request)
        chunk_chars = self._provider.chunk_chars
        if isinstance(settled, StreamBreak):
            response = build_response(settled.outcome, request, self._target)
            yield FakeStream(
                response,
                chunk_chars=chunk_chars,
                break_after=settled.after,
                error=settled.error,
            )
        else:
            response = build_response(settled, request, self._target)
            yield FakeStream(response, chunk_chars=chunk_chars)

    async def _settle(self, request: Request) -> Settled:
        """Do what the script says until it is an answer."""
        await checkpoint()
        self._check(lower_output(request, self._provider.output_mode))
        outcome = self._provider.take(self._target.model, request)
        if isinstance(outcome, Settled):  # nothing to wait for, so nothing to limit
            return outcome
        limit_s = request.settings.limit_s()
        with self._provider.clock.deadline(limit_s):
            return await _settle(outcome, request, self._provider.clock)
        raise self._timed_out(limit_s or 0)

    def _check(self, request: Request) -> None:
        capabilities = self.capabilities
        if capabilities.tools is False and request.tools:
            self._refuse("takes no tools")
        if capabilities.vision is False and any(
            isinstance(part, ImagePart) for message in request.messages for part in message.parts
        ):
            self._refuse("takes no images")

    def _refuse(self, what: str) -> NoReturn:
        raise UnsupportedRequest(
            f"{self._target} {what}", provider=self._target.provider, model=self._target.model
        )

    def _timed_out(self, seconds: float) -> APIError:
        return APIError(
            f"no complete answer within {seconds:g} s",
            provider=self._target.provider,
            model=self._target.model,
            kind=ErrorKind.TRANSIENT,
            code="timeout",
        )


async def _settle(outcome: Outcome, request: Request, clock: Clock) -> Settled:
    while True:
        match outcome:
            case str() | Reply() | Response() | StreamBreak():
                return outcome
            case Exception():
                raise outcome
            case Hang():
                await anyio.sleep_forever()
            case Delay():
                await clock.sleep(outcome.seconds)
                outcome = outcome.outcome
            case _:
                decided = outcome(request)
                outcome = await decided if inspect.isawaitable(decided) else decided
