"""One of a thing per event loop: made on first use there, closed with the loop."""

from __future__ import annotations

import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from majordomo.tasks import close_with_loop, current_loop

__all__ = ["PerLoop"]


class _Closable(Protocol):
    async def aclose(self) -> None: ...


T = TypeVar("T", bound=_Closable)


@dataclass(slots=True)
class _Held(Generic[T]):
    thing: T
    sentinel: AsyncGenerator[None, None]


class PerLoop(Generic[T]):
    """Keeps one thing for each event loop: a socket belongs to the loop that opened it.

    Args:
        make: Makes one for the running loop.
    """

    __slots__ = ("_held", "_lock", "_make")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._held: weakref.WeakKeyDictionary[object, _Held[T]] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()  # of the dictionary: loops live in several threads

    def get(self) -> T:
        """The running loop's own."""
        loop = current_loop()
        held = self._held.get(loop)
        if held is None:
            thing = self._make()
            held = _Held(thing, close_with_loop(thing.aclose))
            with self._lock:
                self._held[loop] = held
        return held.thing

    async def aclose(self) -> None:
        """Close the running loop's own; the next `get` makes another."""
        with self._lock:
            held = self._held.pop(current_loop(), None)
        if held is not None:
            await held.thing.aclose()
            # Only now: a close that was cancelled is still finished with the loop.
            await held.sentinel.aclose()
