"""Where large things are kept: compiled catalogs, paused runs, files. Not part of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

__all__ = ["ArtifactKind", "ArtifactStore"]

ArtifactKind: TypeAlias = Literal["catalog", "pause", "file"]


class ArtifactStore(Protocol):
    """Bytes by kind and key; keys are letters, digits, `_`, `-` and `.`."""

    async def get(self, kind: ArtifactKind, key: str) -> bytes | None:
        """The bytes, or None when there are none."""
        ...

    async def put(self, kind: ArtifactKind, key: str, data: bytes) -> None:
        """Keep bytes, durably and whole, in place of earlier ones."""
        ...

    async def keys(self, kind: ArtifactKind) -> Sequence[str]:
        """The keys there are of a kind, in any order."""
        ...

    async def drop(self, kind: ArtifactKind, key: str) -> None:
        """Forget them; nothing happens when there are none."""
        ...
