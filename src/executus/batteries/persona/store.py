"""Where personas are kept: every version, none of them ever changed."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Protocol

from executus.batteries.persona.persona import Persona
from executus.errors import ExecutusError

__all__ = ["MemoryPersonas", "PersonaConflict", "PersonaStore"]


class PersonaConflict(ExecutusError):
    """Somebody else has saved this persona meanwhile.

    Attributes:
        name: Its name.
        latest: The version it has; 0 when there is none.
    """

    def __init__(self, name: str, latest: int) -> None:
        self.name, self.latest = name, latest
        super().__init__(
            f"persona {name!r} has the version {latest} by now; read it again and repeat the change"
        )

    def __reduce__(self) -> tuple[type[PersonaConflict], tuple[str, int]]:
        """Survives pickling."""
        return type(self), (self.name, self.latest)


class PersonaStore(Protocol):
    """Keeps personas. `executus.testing.contracts` says what an implementation must do."""

    async def get(self, name: str, version: int | None = None) -> Persona | None:
        """A version, by default the latest; None when there is none."""
        ...

    async def versions(self, name: str) -> tuple[int, ...]:
        """The versions there are, from the oldest; empty for an unknown name."""
        ...

    async def names(self) -> tuple[str, ...]:
        """The names of all, sorted."""
        ...

    async def save(self, persona: Persona) -> Persona:
        """Keep it as a new version; `persona.version` is the one it was made from, 0 for none.

        Returns:
            The persona with its new version, which is one more.

        Raises:
            PersonaConflict: The latest version is another one. Of several who save at once, one
                succeeds.
        """
        ...

    async def delete(self, name: str) -> bool:
        """Forget all versions; whether there were any."""
        ...


class MemoryPersonas:
    """Personas in memory, for as long as the process lives. May be used from several loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._versions: dict[str, list[Persona]] = {}

    async def get(self, name: str, version: int | None = None) -> Persona | None:
        """A version, by default the latest."""
        with self._lock:
            kept = self._versions.get(name, [])
            wanted = len(kept) if version is None else version
            return kept[wanted - 1] if 0 < wanted <= len(kept) else None

    async def versions(self, name: str) -> tuple[int, ...]:
        """The versions there are."""
        with self._lock:
            return tuple(persona.version for persona in self._versions.get(name, ()))

    async def names(self) -> tuple[str, ...]:
        """The names of all."""
        with self._lock:
            return tuple(sorted(self._versions))

    async def save(self, persona: Persona) -> Persona:
        """Keep it as a new version.

        Raises:
            PersonaConflict: The latest version is another one.
        """
        with self._lock:
            latest = len(self._versions.get(persona.name, ()))
            if latest != persona.version:
                raise PersonaConflict(persona.name, latest)
            saved = replace(persona, version=latest + 1)
            self._versions.setdefault(persona.name, []).append(saved)
            return saved

    async def delete(self, name: str) -> bool:
        """Forget all versions."""
        with self._lock:
            return self._versions.pop(name, None) is not None
