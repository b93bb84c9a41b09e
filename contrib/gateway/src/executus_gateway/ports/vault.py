"""Where secret values are kept; the rest of the gateway holds references."""

from __future__ import annotations

from typing import Protocol

from executus_gateway.schema import CredentialId

__all__ = ["Vault"]


class Vault(Protocol):
    """Values by the id of their credential.

    Raises:
        VaultFailed: It cannot be read or written.
    """

    async def get(self, credential: CredentialId) -> str | None:
        """The value, or None."""
        ...

    async def put(self, credential: CredentialId, value: str) -> None:
        """Keep a value, in place of an earlier one."""
        ...

    async def drop(self, credential: CredentialId) -> None:
        """Forget it; nothing happens when there is none."""
        ...
