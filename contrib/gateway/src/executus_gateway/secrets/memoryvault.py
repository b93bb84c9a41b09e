"""Secrets for as long as the process lives: for tests and for hosts that give them at start."""

from __future__ import annotations

from executus_gateway.schema import CredentialId

__all__ = ["MemoryVault"]


class MemoryVault:
    """A `Vault` in memory; its `repr` shows no values."""

    def __init__(self) -> None:
        self._entries: dict[str, str] = {}

    async def get(self, credential: CredentialId) -> str | None:
        """The value, or None."""
        return self._entries.get(credential)

    async def put(self, credential: CredentialId, value: str) -> None:
        """Keep a value."""
        self._entries[credential] = value

    async def drop(self, credential: CredentialId) -> None:
        """Forget a value."""
        self._entries.pop(credential, None)

    def __repr__(self) -> str:
        return f"MemoryVault({len(self._entries)} entries)"
