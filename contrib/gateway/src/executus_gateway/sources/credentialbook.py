"""Which credentials sources have, which they lack, and which they have refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from executus_gateway.domain import Ledger
from executus_gateway.ports import Credential, Credentials, Vault
from executus_gateway.schema import (
    AuthScheme,
    CredentialId,
    CredentialRef,
    Source,
    SourceId,
)

__all__ = ["CredentialBook"]


class CredentialBook:
    """References in the ledger, values in the vault.

    Args:
        ledger: Keeps references.
        vault: Keeps values.
    """

    def __init__(self, ledger: Ledger, vault: Vault) -> None:
        self._ledger = ledger
        self._vault = vault

    def references(self, source: Source) -> list[CredentialRef]:
        """All of a source, refused ones as well."""
        return [ref for ref in self._ledger.all(CredentialRef) if ref.source == source.id]

    def lacking(self, source: Source, schemes: Iterable[AuthScheme]) -> tuple[AuthScheme, ...]:
        """Those schemes for which there is no credential, or a refused one."""
        have = {ref.scheme.name for ref in self.references(source) if not ref.refused}
        return tuple(scheme for scheme in schemes if scheme.name not in have)

    def id_for(self, source: Source, scheme: AuthScheme) -> CredentialId:
        """Under which the vault has a source's credential, now or later."""
        text = f"{source.id}\0{scheme.name}"
        return CredentialId("crd_" + hashlib.sha256(text.encode()).hexdigest()[:20])

    async def put(self, source: Source, scheme: AuthScheme, value: str) -> CredentialRef:
        """Note that a source has a credential; an empty value is in the vault already."""
        found_id = self.id_for(source, scheme)
        if value:
            await self._vault.put(found_id, value)
        reference = CredentialRef(id=found_id, source=SourceId(source.id), scheme=scheme)
        await self._ledger.commit("source.credential", reference, actor="person")
        return reference

    async def of(self, source: Source) -> Credentials:
        """What a source has been given."""
        found: list[Credential] = []
        for reference in self.references(source):
            value = await self._vault.get(CredentialId(reference.id))
            if value is not None:
                found.append(Credential(scheme=reference.scheme, value=value))
        return found

    async def refused(self, source: Source, used: Credentials) -> Sequence[CredentialRef]:
        """The references of credentials a source refused, marked so, but for those replaced since.

        They are not stored: the caller commits them with what else has changed.
        """
        values = {credential.scheme.name: credential.value for credential in used}
        marked: list[CredentialRef] = []
        for reference in self.references(source):
            value = await self._vault.get(CredentialId(reference.id))
            if value is not None and values.get(reference.scheme.name) == value:
                marked.append(reference.model_copy(update={"refused": True}))
        return marked

    async def forget(self, references: Iterable[CredentialRef]) -> None:
        """Drop values from the vault; dropping the references is the caller's event."""
        for reference in references:
            await self._vault.drop(CredentialId(reference.id))
