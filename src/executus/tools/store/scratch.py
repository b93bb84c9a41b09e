"""The scratch seam: small texts by key, in scopes that cannot see each other, within a quota."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from executus.errors import ExecutusError, SetupError
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["MemoryScratch", "Scope", "ScratchEntry", "ScratchFull", "ScratchQuota", "ScratchStore"]

MAX_SCOPES = 1000


class ScratchFull(ExecutusError):
    """A value was not stored, because it is over the quota; what was there before still is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchQuota:
    """Bounds of one scope. Sizes are bytes of UTF-8; keys count for `max_total_bytes` too.

    Attributes:
        max_keys: Keys at once, at least 1.
        max_value_bytes: Size of one value, at least 1.
        max_total_bytes: Size of all keys and values together, at least 1.

    Raises:
        SetupError: A value is out of its range.
    """

    max_keys: int = 100
    max_value_bytes: int = 64 * 1024
    max_total_bytes: int = 1024 * 1024

    def __post_init__(self) -> None:
        if min(self.max_keys, self.max_value_bytes, self.max_total_bytes) < 1:
            raise SetupError("each bound of a ScratchQuota must be at least 1")

    def check(self, sizes: dict[str, int], key: str, size_bytes: int) -> None:
        """Judge a change before it is made.

        Args:
            sizes: Size of each value in the scope, by key, as they are now.
            key: What would be written.
            size_bytes: Size its value would have.

        Raises:
            ScratchFull: It would not fit.
        """
        if size_bytes > self.max_value_bytes:
            raise ScratchFull(
                f"the value of {key!r} would have {size_bytes} bytes, and one may have "
                f"{self.max_value_bytes}: store less, or split it over several keys"
            )
        after = {**sizes, key: size_bytes}
        if len(after) > self.max_keys:
            raise ScratchFull(f"all {self.max_keys} keys are taken: delete one first")
        total = sum(after.values()) + sum(utf8_size(name) for name in after)
        if total > self.max_total_bytes:
            raise ScratchFull(
                f"all values together would have {total} bytes, and they may have "
                f"{self.max_total_bytes}: delete some first"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose texts: an agent's, for one caller.

    Attributes:
        agent: The agent's name; empty where agents share.
        caller: The caller's id; empty where callers share.
    """

    agent: str = ""
    caller: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchEntry:
    """A key and the size of its value, in bytes of UTF-8."""

    key: str
    size_bytes: int


class ScratchStore(Protocol):
    """Keeps texts by scope and key, and its quota. May be called from several tasks at once.

    `executus.testing.contracts` checks an implementation.
    """

    async def get(self, scope: Scope, key: str) -> str | None:
        """The value, or None when there is none."""
        ...

    async def put(self, scope: Scope, key: str, value: str, *, append: bool = False) -> int:
        """Store a value instead of the one before, or after it, as one step.

        Returns:
            Size of the value as it is now, in bytes of UTF-8.

        Raises:
            ScratchFull: It is over the quota; nothing has changed.
        """
        ...

    async def delete(self, scope: Scope, key: str) -> bool:
        """Forget a key; whether it was there."""
        ...

    async def entries(self, scope: Scope) -> Sequence[ScratchEntry]:
        """What the scope holds, sorted by key."""
        ...


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    size_bytes: int
    written: datetime


class MemoryScratch:
    """Keeps texts in this process until it ends. Safe to share between threads and loops.

    Args:
        quota: Bounds of each scope.
        max_scopes: Scopes kept; the one written to longest ago makes room for a new one.
        clock: Says when a text was written.

    Example:
        >>> import anyio
        >>> async def note() -> str | None:
        ...     scratch = MemoryScratch()
        ...     await scratch.put(Scope(agent="helper", caller="ann"), "todo", "milk")
        ...     return await scratch.get(Scope(agent="helper", caller="bob"), "todo")
        >>> anyio.run(note) is None
        True
    """

    def __init__(
        self,
        quota: ScratchQuota | None = None,
        *,
        max_scopes: int = MAX_SCOPES,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if max_scopes < 1:
            raise SetupError(f"max_scopes must be at least 1, not {max_scopes}")
        self._quota = ScratchQuota() if quota is None else quota
        self._max_scopes = max_scopes
        self._clock = clock
        self._scopes: dict[Scope, dict[str, _Text]] = {}
        self._lock = threading.Lock()

    async def get(self, scope: Scope, key: str) -> str | None:
        """See `ScratchStore.get`."""
        with self._lock:
            kept = self._scopes.get(scope, {}).get(key)
            return None if kept is None else kept.text

    async def put(self, scope: Scope, key: str, value: str, *, append: bool = False) -> int:
        """See `ScratchStore.put`."""
        with self._lock:
            texts = self._scopes.get(scope, {})
            whole = texts[key].text + value if append and key in texts else value
            size = utf8_size(whole)
            self._quota.check({name: kept.size_bytes for name, kept in texts.items()}, key, size)
            texts[key] = _Text(whole, size, self._clock.wall())
            self._scopes.pop(scope, None)
            self._scopes[scope] = texts
            while len(self._scopes) > self._max_scopes:
                del self._scopes[next(iter(self._scopes))]
            return size

    async def delete(self, scope: Scope, key: str) -> bool:
        """See `ScratchStore.delete`."""
        with self._lock:
            texts = self._scopes.get(scope, {})
            there = texts.pop(key, None) is not None
            if not texts:
                self._scopes.pop(scope, None)
            return there

    async def entries(self, scope: Scope) -> Sequence[ScratchEntry]:
        """See `ScratchStore.entries`."""
        with self._lock:
            texts = dict(self._scopes.get(scope, {}))
        return [ScratchEntry(key=key, size_bytes=texts[key].size_bytes) for key in sorted(texts)]

    async def prune(self, before: datetime) -> int:
        """Forget the texts that were last written before this; how many."""
        with self._lock:
            kept = {
                scope: {key: text for key, text in texts.items() if text.written >= before}
                for scope, texts in self._scopes.items()
            }
            gone = sum(map(len, self._scopes.values())) - sum(map(len, kept.values()))
            self._scopes = {scope: texts for scope, texts in kept.items() if texts}
            return gone


def utf8_size(text: str) -> int:
    """Bytes of a text in UTF-8; a lone surrogate counts as one."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
