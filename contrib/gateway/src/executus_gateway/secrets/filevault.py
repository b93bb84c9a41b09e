"""An encrypted file of secrets, its key in a file beside it that only its owner may read.

What it protects from: a copy of the folder without the key, a backup of the vault, a look over the
shoulder, changes by others (AES-GCM refuses them). Not from who runs as the same user.
"""

from __future__ import annotations

import os
from pathlib import Path

import anyio
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import TypeAdapter, ValidationError

from executus_gateway.errors import VaultFailed
from executus_gateway.local.durable import PRIVATE_DIR, write_durably
from executus_gateway.schema import CredentialId
from majordomo.tasks import finish
from majordomo.threads import WorkerThreads

__all__ = ["FileVault"]

KEY_BYTES = 32
NONCE_BYTES = 12
_LABEL = b"executus-gateway vault 1"
_ENTRIES = TypeAdapter(dict[str, str])


class FileVault:
    """A `Vault` in one file.

    Args:
        path: Of the file; its key is `<path>.key`, mode 0600. Both are made at the first `put`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key_path = path.with_name(f"{path.name}.key")
        self._threads = WorkerThreads(1)
        self._turn = anyio.Lock()
        self._entries: dict[str, str] | None = None

    async def get(self, credential: CredentialId) -> str | None:
        """The value, or None."""
        async with self._turn:
            return (await self._loaded()).get(credential)

    async def put(self, credential: CredentialId, value: str) -> None:
        """Keep a value."""
        async with self._turn:
            entries = {**await self._loaded(), credential: value}
            await self._save(entries)

    async def drop(self, credential: CredentialId) -> None:
        """Forget a value."""
        async with self._turn:
            entries = dict(await self._loaded())
            if entries.pop(credential, None) is not None:
                await self._save(entries)

    def __repr__(self) -> str:
        return f"FileVault({str(self._path)!r})"

    async def _loaded(self) -> dict[str, str]:
        if self._entries is None:
            self._entries = await self._threads.call(self._read)
        return self._entries

    async def _save(self, entries: dict[str, str]) -> None:
        await finish(lambda: self._threads.call(self._write, entries))
        self._entries = entries

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        sealed = self._path.read_bytes()
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            clear = AESGCM(self._key()).decrypt(nonce, rest, _LABEL)
            return _ENTRIES.validate_json(clear)
        except (InvalidTag, ValidationError, ValueError) as error:
            # Without its cause: what was decrypted could be in it.
            reason = type(error).__name__
        raise VaultFailed(
            f"{self._path.name} does not open with its key ({reason}): restore both from a backup, "
            "or remove it and enter the credentials again"
        )

    def _write(self, entries: dict[str, str]) -> None:
        self._path.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        if not self._key_path.exists():
            if self._path.exists():
                raise VaultFailed(f"{self._key_path.name} is missing: restore it from a backup")
            write_durably(self._key_path, os.urandom(KEY_BYTES))
        nonce = os.urandom(NONCE_BYTES)
        clear = _ENTRIES.dump_json(entries)
        write_durably(self._path, nonce + AESGCM(self._key()).encrypt(nonce, clear, _LABEL))

    def _key(self) -> bytes:
        try:
            key = self._key_path.read_bytes()
        except FileNotFoundError as error:
            raise VaultFailed(
                f"{self._key_path.name} is missing: restore it from a backup"
            ) from error
        if len(key) != KEY_BYTES:
            raise VaultFailed(f"{self._key_path.name} is not a key: restore it from a backup")
        return key
