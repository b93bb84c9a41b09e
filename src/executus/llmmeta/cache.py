"""Answers by their question: bounded, least recently used out first; equal questions share one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

import anyio

from majordomo.tasks import current_loop

__all__ = ["SharedAnswers"]


class _Flight:
    """A question that is being asked.

    Attributes:
        landed: Set when it has ended, however.
        answer: What came; an empty tuple when whoever asked was cancelled.
    """

    __slots__ = ("answer", "error", "landed")

    def __init__(self) -> None:
        self.landed = anyio.Event()
        self.answer: tuple[object, ...] = ()
        self.error: Exception | None = None


class SharedAnswers:
    """Remembers answers. May be used from several event loops at once; requests are shared in one.

    A failure is told to all who wait for the same answer, and not remembered. When the one who
    asks is cancelled, one of those who wait asks instead.

    Args:
        size: Most answers remembered; 0 for none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, object] = OrderedDict()
        self._flights: dict[tuple[object, Hashable], _Flight] = {}

    def __len__(self) -> int:
        return len(self._answers)

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[object]]) -> object:
        """The answer remembered under a key, or what asking gives.

        Raises:
            Exception: What asking raised.
        """
        place = (current_loop(), key)
        while True:
            with self._lock:
                if key in self._answers:
                    self._answers.move_to_end(key)
                    return self._answers[key]
                flight = self._flights.get(place)
                if flight is None:
                    mine = self._flights[place] = _Flight()
                    break
            await flight.landed.wait()
            if flight.error is not None:
                raise flight.error
            if flight.answer:
                return flight.answer[0]
        return await self._fly(place, mine, ask)

    async def _fly(
        self, place: tuple[object, Hashable], flight: _Flight, ask: Callable[[], Awaitable[object]]
    ) -> object:
        try:
            answer = await ask()
            flight.answer = (answer,)
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[place]
                if flight.answer:
                    self._remember(place[1], flight.answer[0])
            flight.landed.set()
        return answer

    def _remember(self, key: Hashable, answer: object) -> None:
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._size:
            self._answers.popitem(last=False)
