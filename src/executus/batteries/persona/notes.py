"""What a persona keeps in mind about each caller: a short list of short notes."""

from __future__ import annotations

import threading
from typing import Protocol

from executus.errors import SetupError

__all__ = ["MemoryNotes", "NoteStore", "PersonaNotes"]


class NoteStore(Protocol):
    """Keeps notes by persona and caller. See `executus.testing.contracts`."""

    async def add(self, persona: str, caller_id: str, note: str, *, keep: int) -> None:
        """Append a note, and forget the oldest ones beyond `keep`, in one step."""
        ...

    async def get(self, persona: str, caller_id: str) -> tuple[str, ...]:
        """The notes, from the oldest."""
        ...

    async def clear(self, persona: str, caller_id: str) -> None:
        """Forget them."""
        ...


class MemoryNotes:
    """Notes in memory. May be used from several loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[tuple[str, str], tuple[str, ...]] = {}

    async def add(self, persona: str, caller_id: str, note: str, *, keep: int) -> None:
        """Append a note, and forget the oldest ones beyond `keep`."""
        with self._lock:
            kept = (*self._notes.get((persona, caller_id), ()), note)
            self._notes[persona, caller_id] = kept[-keep:]

    async def get(self, persona: str, caller_id: str) -> tuple[str, ...]:
        """The notes, from the oldest."""
        with self._lock:
            return self._notes.get((persona, caller_id), ())

    async def clear(self, persona: str, caller_id: str) -> None:
        """Forget them."""
        with self._lock:
            self._notes.pop((persona, caller_id), None)


class PersonaNotes:
    """The bounded notes of one persona about one caller.

    Args:
        persona: Name of the persona.
        caller_id: Id of the caller.
        store: Where they are kept.
        max_notes: Most notes; the oldest go.
        max_chars: Most characters of one; longer ones are cut.

    Raises:
        SetupError: A bound is below 1.
    """

    def __init__(
        self,
        persona: str,
        caller_id: str,
        *,
        store: NoteStore,
        max_notes: int = 20,
        max_chars: int = 300,
    ) -> None:
        if max_notes < 1 or max_chars < 1:
            raise SetupError("max_notes and max_chars must be at least 1")
        self._key = (persona, caller_id)
        self._store = store
        self._max_notes, self._max_chars = max_notes, max_chars

    async def add(self, note: str) -> None:
        """Keep a note, as one line; an empty one is none."""
        line = " ".join(note.split())
        if len(line) > self._max_chars:
            line = line[: self._max_chars - 1] + "…"
        if line:
            await self._store.add(*self._key, line, keep=self._max_notes)

    async def all(self) -> tuple[str, ...]:
        """The notes, from the oldest; never more than the bounds allow."""
        return (await self._store.get(*self._key))[-self._max_notes :]

    async def clear(self) -> None:
        """Forget them."""
        await self._store.clear(*self._key)
