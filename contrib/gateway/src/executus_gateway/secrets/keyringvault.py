"""Secrets in the keyring of the person's own system (extra `keyring`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import keyring
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringError

from executus_gateway.errors import VaultFailed
from executus_gateway.schema import CredentialId
from majordomo.threads import WorkerThreads

__all__ = ["KeyringVault"]

T = TypeVar("T")

SERVICE = "executus-gateway"


class KeyringVault:
    """A `Vault` whose values are entries of one service; the user name is the credential's id.

    Args:
        service: Name of the service; a gateway beside another one has its own.
        backend: Which keyring; the system's by default.

    Raises:
        VaultFailed: There is no keyring that keeps anything.
    """

    def __init__(self, *, service: str = SERVICE, backend: KeyringBackend | None = None) -> None:
        self._service = service
        chosen = keyring.get_keyring() if backend is None else backend
        if isinstance(chosen, fail.Keyring | null.Keyring):
            raise VaultFailed(
                "this system has no keyring: unlock or install one, or use the gateway's own file"
            )
        self._backend: Any = chosen  # its methods have no types
        self._threads = WorkerThreads(1)

    async def get(self, credential: CredentialId) -> str | None:
        """The value, or None."""
        found: str | None = await self._told(
            lambda: self._backend.get_password(self._service, credential)
        )
        return found

    async def put(self, credential: CredentialId, value: str) -> None:
        """Keep a value."""
        await self._told(lambda: self._backend.set_password(self._service, credential, value))

    async def drop(self, credential: CredentialId) -> None:
        """Forget a value."""
        if await self.get(credential) is not None:
            await self._told(lambda: self._backend.delete_password(self._service, credential))

    def __repr__(self) -> str:
        return f"KeyringVault({self._service!r})"

    async def _told(self, work: Callable[[], T]) -> T:
        """In a thread: a keyring may wait for a person to unlock it."""
        try:
            return await self._threads.call(work)
        except KeyringError as error:
            # Without its cause: a backend may tell of what it was given.
            reason = type(error).__name__
        raise VaultFailed(f"the keyring refused ({reason}): unlock it and try again")
