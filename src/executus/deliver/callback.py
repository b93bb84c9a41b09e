"""A plain function as a deliverer."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from executus.deliver.parcel import Parcel
from majordomo.threads import call_in_thread

__all__ = ["CallbackDeliverer", "OnParcel"]

OnParcel: TypeAlias = Callable[[Parcel], Awaitable[object] | object]


class CallbackDeliverer:
    """Calls a function with each parcel.

    What it raises is raised to the sender; it raises `DeliveryFailed` with `retryable=True` where
    another attempt helps.

    Args:
        fn: An async function, awaited on the event loop; or a plain one, called in a worker thread
            so that it may block. When the sender is cancelled, a plain one goes on by itself.

    Example:
        >>> import anyio
        >>> got = []
        >>> anyio.run(CallbackDeliverer(got.append).deliver, Parcel(key="k1", text="hello"))
        >>> got[0].text
        'hello'
    """

    def __init__(self, fn: OnParcel) -> None:
        self._fn = fn
        call = getattr(fn, "__call__", None)  # noqa: B004 - of an object whose __call__ is async
        self._is_async = inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(call)

    async def deliver(self, parcel: Parcel) -> None:
        """Call the function; what it returns is awaited when it can be, else not looked at."""
        outcome = self._fn(parcel) if self._is_async else await call_in_thread(self._fn, parcel)
        if inspect.isawaitable(outcome):
            await outcome
