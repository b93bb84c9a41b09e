"""A model behind a lane, and the lanes of providers."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from executus.config import Config
from executus.lane import Lane, LaneError
from executus.model.tags import CALLER_TAG, current_tags
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import Capabilities, Model, Request, Response, Stream, Target

__all__ = ["LaneModel", "ProviderLanes", "caller_key"]

_MOST_SLOTS = 10_000


def caller_key() -> str:
    """Whose share of a lane a call takes: the tag `caller`; empty without one."""
    return current_tags().get(CALLER_TAG, "")


class LaneModel:
    """A `Model` that holds a slot of a lane for each request; for a stream, until its block ends.

    A lane that gives no slot is a fault of this side (`ErrorKind.LOCAL`): a chain goes on to its
    next target, and holds nothing against this one.

    Args:
        model: Who is asked.
        lane: Where the slot comes from; several models may share one.
        key: Whose share it is, asked at each request.
        max_wait_s: Most seconds to wait for a slot; None leaves that to the lane.
        clock: Limits the waiting.
    """

    def __init__(
        self,
        model: Model,
        lane: Lane,
        *,
        key: Callable[[], str] = caller_key,
        max_wait_s: float | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._model = model
        self._lane = lane
        self._key = key
        self._max_wait_s = max_wait_s
        self._clock = clock

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.target}>"

    @property
    def target(self) -> Target:
        """The model's."""
        return self._model.target

    @property
    def capabilities(self) -> Capabilities:
        """The model's."""
        return self._model.capabilities

    async def complete(self, request: Request) -> Response:
        """Ask, with a slot; see `Model.complete`.

        Raises:
            APIError: The attempt failed; of kind `LOCAL`, code `lane_busy`, without a slot.
            UnsupportedRequest: The target cannot take this request.
        """
        async with AsyncExitStack() as stack:
            await self._enter(stack)
            return await self._model.complete(request)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[Stream]:
        """Ask, with a slot that is held until the block ends; raises as `complete` does."""
        async with AsyncExitStack() as stack:
            await self._enter(stack)
            yield await stack.enter_async_context(self._model.stream(request))

    async def _enter(self, stack: AsyncExitStack) -> None:
        try:
            with self._clock.deadline(self._max_wait_s):
                await stack.enter_async_context(self._lane.slot(self._key()))
                return
        except LaneError as error:
            raise self._busy(str(error)) from error
        raise self._busy(f"lane {self._lane.name!r} had no slot within {self._max_wait_s:g} s")

    def _busy(self, sentence: str) -> APIError:
        return APIError(
            sentence,
            provider=self.target.provider,
            model=self.target.model,
            kind=ErrorKind.LOCAL,
            code="lane_busy",
            safe_to_replay=True,
        )


class ProviderLanes:
    """One lane per provider that has a limit configured, such as `lane.openai=8`. Thread-safe.

    A changed limit makes a new lane: until the requests of the old one have ended, both count
    only their own.

    Args:
        config: Read at each look-up.
        clock: Limits the waiting.
    """

    def __init__(self, config: Config, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._config = config
        self._clock = clock
        self._lock = threading.Lock()
        self._lanes: dict[str, tuple[int, Lane]] = {}

    async def lane(self, provider: str) -> Lane | None:
        """The provider's lane; None when it has no limit."""
        limit = await self._config.get_int(f"lane.{provider}", None, minimum=1, maximum=_MOST_SLOTS)
        if limit is None:
            return None
        with self._lock:
            found = self._lanes.get(provider)
            if found is None or found[0] != limit:
                made = Lane(limit, name=provider, max_waiting=_MOST_SLOTS, clock=self._clock)
                found = self._lanes[provider] = limit, made
            return found[1]
