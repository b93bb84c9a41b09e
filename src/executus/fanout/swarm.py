"""A swarm: one function over many items, bounded in all and per key, one outcome per item."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, Literal, Self, TypeAlias, TypeVar, cast

import anyio

from executus.errors import SetupError
from executus.lane import FairQueue, Ticket
from majordomo.tasks import TaskOwner

__all__ = ["Outcome", "matrix", "swarm", "swarm_stream"]

Item = TypeVar("Item")
Row = TypeVar("Row")
Column = TypeVar("Column")
T = TypeVar("T")

OnError: TypeAlias = Literal["collect", "raise"]
DEFAULT_LIMIT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[Item, T]):
    """What came of one item.

    Attributes:
        index: Its position among the items.
        item: The item.
        value: What the function returned; None when it raised.
        error: What it raised, else None.
    """

    index: int
    item: Item
    value: T | None = None
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.error is None

    def unwrap(self) -> T:
        """The value.

        Raises:
            Exception: What the function raised.
        """
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


async def swarm(
    items: Iterable[Item],
    fn: Callable[[Item], Awaitable[T]],
    *,
    limit: int = DEFAULT_LIMIT,
    key: Callable[[Item], str] | None = None,
    per_key: int | None = None,
    on_error: OnError = "collect",
) -> list[Outcome[Item, T]]:
    """Call a function for every item, many at once.

    Args:
        items: Any number; one task runs for each that has a slot, none for those that wait.
        fn: Called once per item, at most. What it raises is its outcome and harms no other.
        limit: Most calls at once, at least 1.
        key: Groups items, such as by provider; groups take turns.
        per_key: Most calls at once within a group.
        on_error: `collect` the errors, or `raise` the first one, cancelling what still runs.

    Returns:
        The outcomes, in the order of the items.

    Raises:
        SetupError: A bound is below 1.
        Exception: What a call raised, with `on_error="raise"`.

    Example:
        >>> import anyio
        >>> async def double(n):
        ...     return 2 * n
        >>> [one.value for one in anyio.run(swarm, [1, 2, 3], double)]
        [2, 4, 6]
    """
    found: dict[int, Outcome[Item, T]] = {}
    async with swarm_stream(
        items, fn, limit=limit, key=key, per_key=per_key, on_error=on_error
    ) as outcomes:
        async for outcome in outcomes:
            found[outcome.index] = outcome
    return [found[index] for index in sorted(found)]


@asynccontextmanager
async def swarm_stream(
    items: Iterable[Item],
    fn: Callable[[Item], Awaitable[T]],
    *,
    limit: int = DEFAULT_LIMIT,
    key: Callable[[Item], str] | None = None,
    per_key: int | None = None,
    on_error: OnError = "collect",
) -> AsyncGenerator[AsyncIterator[Outcome[Item, T]]]:
    """The outcomes of a swarm as they come, in an `async with` block; see `swarm`.

    Leaving the block cancels what still runs; with `on_error="raise"`, iterating raises.
    """
    if limit < 1 or (per_key is not None and per_key < 1):
        raise SetupError("limit and per_key of a swarm must be at least 1")
    queue = FairQueue(limit, per_key=per_key)
    run = _Swarm(list(items), fn, queue, key or (lambda _: ""), on_error)
    async with TaskOwner() as owner:
        run.begin(owner)
        yield run


class _Swarm(Generic[Item, T]):
    """One swarm in progress; iterates its outcomes as they come."""

    def __init__(
        self,
        items: Sequence[Item],
        fn: Callable[[Item], Awaitable[T]],
        queue: FairQueue,
        key: Callable[[Item], str],
        on_error: OnError,
    ) -> None:
        self._items = items
        self._fn = fn
        self._queue = queue
        self._place = {queue.submit(key(item)): index for index, item in enumerate(items)}
        self._on_error = on_error
        self._done: list[Outcome[Item, T]] = []
        self._told = 0
        self._changed = anyio.Event()
        self._owner: TaskOwner | None = None

    def begin(self, owner: TaskOwner) -> None:
        """Start as many calls as have a slot."""
        self._owner = owner
        self._start()

    def _start(self) -> None:
        assert self._owner is not None  # noqa: S101 - set by begin
        for ticket in self._queue.grant():
            self._owner.start(partial(self._call, ticket))

    async def _call(self, ticket: Ticket) -> None:
        index = self._place[ticket]
        item = self._items[index]
        outcome: Outcome[Item, T]
        try:
            outcome = Outcome(index=index, item=item, value=await self._fn(item))
        except Exception as error:  # noqa: BLE001 - one failing call never loses the others
            outcome = Outcome(index=index, item=item, error=error)
        self._queue.leave(ticket)
        self._done.append(outcome)
        self._changed.set()
        if outcome.ok or self._on_error == "collect":
            self._start()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome[Item, T]:
        if self._told == len(self._items):
            raise StopAsyncIteration
        while self._told == len(self._done):
            self._changed = anyio.Event()
            await self._changed.wait()
        outcome = self._done[self._told]
        self._told += 1
        if self._on_error == "raise":
            outcome.unwrap()
        return outcome


async def matrix(
    rows: Sequence[Row],
    columns: Sequence[Column],
    fn: Callable[[Row, Column], Awaitable[T]],
    *,
    limit: int = DEFAULT_LIMIT,
    per_row: int | None = None,
    on_error: OnError = "collect",
) -> list[list[Outcome[tuple[Row, Column], T]]]:
    """Call a function for every pair, such as every model with every lens.

    Args:
        rows: The one side; `per_row` bounds the calls at once for each.
        columns: The other.
        fn: Called once per pair, at most.
        limit: Most calls at once, at least 1.
        per_row: Most calls at once for one row, such as a provider allows.
        on_error: See `swarm`.

    Returns:
        A list per row with the outcomes of its columns, both in the order given.

    Raises:
        SetupError: A bound is below 1.
        Exception: What a call raised, with `on_error="raise"`.
    """
    places = [(row, column) for row in range(len(rows)) for column in range(len(columns))]

    async def call(place: tuple[int, int]) -> T:
        return await fn(rows[place[0]], columns[place[1]])

    flat = await swarm(
        places,
        call,
        limit=limit,
        key=lambda place: str(place[0]),
        per_key=per_row,
        on_error=on_error,
    )
    cells: list[Outcome[tuple[Row, Column], T]] = [
        Outcome(
            index=one.index,
            item=(rows[one.item[0]], columns[one.item[1]]),
            value=one.value,
            error=one.error,
        )
        for one in flat
    ]
    width = len(columns)
    return [cells[row * width : (row + 1) * width] for row in range(len(rows))]
