"""Memory of encoded messages, so that a long loop does not encode its history again and again.

A message is immutable, so its encoding in one dialect never changes. Keyed by identity: a lookup
costs no hash over the content. The message is kept beside its bytes, so an id is never reused
while it is a key. Dropped with the run or session that owns it (ADR 0115),
or lent from run to run by who bounds it (ADR 0129). It serves one call at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, TypeVar, cast

from majordomo.llm.message import Message

__all__ = ["Fragments", "Joiner"]

T = TypeVar("T")


class Joiner(Protocol):
    """Builds a conversation in one dialect, message by message; only ever added to."""

    def add(self, message: Message) -> None:
        """Add the next message. After it has raised, the joiner is not used again."""
        ...

    @property
    def keep(self) -> bool:
        """Whether to go on with it in the next call; False once it holds a lot of media."""
        ...


J = TypeVar("J", bound=Joiner)


class Fragments:
    """Encoded messages of one run or session, per dialect.

    A dialect is everything an encoding depends on besides the message; compared by value.
    """

    __slots__ = ("_encoded", "_joined")

    def __init__(self) -> None:
        self._encoded: dict[Hashable, dict[int, tuple[Message, object]]] = {}
        self._joined: dict[Hashable, tuple[tuple[Message, ...], Joiner]] = {}

    def of(self, dialect: Hashable, _kind: type[T] = bytes) -> dict[int, tuple[Message, T]]:
        """The fragments of one dialect: `id(message)` → (message, fragment), to read and add to."""
        return cast("dict[int, tuple[Message, T]]", self._encoded.setdefault(dialect, {}))

    @property
    def dialects(self) -> int:
        """How many dialects messages were encoded in."""
        return len(self._encoded)

    def joined(self, dialect: Hashable, messages: Sequence[Message], make: Callable[[], J]) -> J:
        """A joiner that has been given exactly `messages`.

        The one of the dialect's last call goes on when its messages are the beginning of these, as
        they are from turn to turn; otherwise `make` gives a new one.
        """
        messages = tuple(messages)
        # Taken out while it is added to: one that raised half-way must not be met again.
        before, found = self._joined.pop(dialect, ((), None))
        # Comparing tuples stops at `is` for each element: no content is looked at.
        if found is None or messages[: len(before)] != before:
            before, found = (), make()
        for message in messages[len(before) :]:
            found.add(message)
        if found.keep:
            self._joined[dialect] = (messages, found)
        return cast("J", found)

    def keep_only(self, messages: Sequence[Message]) -> None:
        """Forget what is not of `messages`.

        Whoever lends one memory to run after run calls this in between, or it grows with each.
        """
        alive = {id(message) for message in messages}
        for known in self._encoded.values():
            for key in known.keys() - alive:
                del known[key]
        for dialect, (joined, _) in tuple(self._joined.items()):
            if joined and id(joined[-1]) not in alive:  # nothing goes on from there
                del self._joined[dialect]
