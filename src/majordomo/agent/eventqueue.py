"""Events from a run to one reader, without waiting: a run never blocks on who watches it."""

from __future__ import annotations

from collections import deque
from typing import Generic, Self, TypeVar

import anyio

__all__ = ["EventQueue"]

E = TypeVar("E")


class EventQueue(Generic[E]):
    """An unbounded queue within one event loop; bounded in practice by the caps of a run.

    Iterating ends when the queue is closed and empty.
    """

    __slots__ = ("_closed", "_events", "_waiter")

    def __init__(self) -> None:
        self._events: deque[E] = deque()
        self._waiter: anyio.Event | None = None
        self._closed = False

    def put(self, event: E) -> None:
        """Add an event; dropped once the queue is closed."""
        if not self._closed:
            self._events.append(event)
            self._wake()

    def close(self) -> None:
        """No more events will come."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.set()
            self._waiter = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        while not self._events:
            if self._closed:
                raise StopAsyncIteration
            if self._waiter is None:
                self._waiter = anyio.Event()
            await self._waiter.wait()
        return self._events.popleft()
