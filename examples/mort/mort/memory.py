"""What mort is told to remember: a store seam of executus that the host implements itself.

`ScratchStore` has four methods. This one keeps texts in a file of JSON lines, each the whole value
of a key, the latest of which counts. `tests/examples/mort/test_mort_memory.py` runs the contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio
from anyio.to_thread import run_sync

from executus.tools.store import Scope, ScratchEntry, ScratchQuota
from mort.jsonlines import JsonLines

__all__ = ["FileMemory"]


class FileMemory:
    """A `ScratchStore` for one process: a lock lets no two of its tasks write at once.

    Args:
        path: The file; what it says is read once, here.
        quota: Bounds of each scope.
    """

    def __init__(self, path: Path, quota: ScratchQuota | None = None) -> None:
        self._lines = JsonLines(path)
        self._quota = quota or ScratchQuota()
        self._writing = anyio.Lock()
        self._texts: dict[Scope, dict[str, str]] = {}
        for agent, caller, key, value in self._lines.read():
            self._keep(Scope(agent=agent, caller=caller), key, value)

    async def get(self, scope: Scope, key: str) -> str | None:
        """The value, or None."""
        return self._texts.get(scope, {}).get(key)

    async def put(self, scope: Scope, key: str, value: str, *, append: bool = False) -> int:
        """Store a value instead of the one before, or after it."""
        async with self._writing:
            texts = self._texts.get(scope, {})
            whole = texts.get(key, "") + value if append else value
            size = _size(whole)
            self._quota.check({name: _size(text) for name, text in texts.items()}, key, size)
            await self._write(scope, key, whole)
            return size

    async def delete(self, scope: Scope, key: str) -> bool:
        """Forget a key; whether it was there."""
        async with self._writing:
            if key not in self._texts.get(scope, {}):
                return False
            await self._write(scope, key, None)
            return True

    async def entries(self, scope: Scope) -> Sequence[ScratchEntry]:
        """What the scope holds, sorted by key."""
        texts = self._texts.get(scope, {})
        return [ScratchEntry(key=key, size_bytes=_size(texts[key])) for key in sorted(texts)]

    async def _write(self, scope: Scope, key: str, value: str | None) -> None:
        await run_sync(self._lines.add, [scope.agent, scope.caller, key, value])
        self._keep(scope, key, value)  # not before: what is read is on disk

    def _keep(self, scope: Scope, key: str, value: str | None) -> None:
        texts = self._texts.setdefault(scope, {})
        if value is None:
            del texts[key]
        else:
            texts[key] = value


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
