"""The sources of a workspace: added, read, kept current, called, removed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio

from executus_gateway.domain import Catalogs, Found, Ledger, moved, namespace_from
from executus_gateway.errors import Refused, SourceFailed
from executus_gateway.ports import (
    ArtifactStore,
    AuthRequired,
    Catalog,
    Connector,
    Credentials,
    KeepFile,
    Vault,
)
from executus_gateway.schema import (
    AuthScheme,
    Drop,
    Place,
    Source,
    SourceId,
    SourceKind,
    SourceState,
    ToolArtifact,
    ToolDescriptor,
    ToolError,
    ToolFailed,
    ToolOk,
    ToolResult,
    source_id,
)
from executus_gateway.sources.credentialbook import CredentialBook
from executus_gateway.sources.detect import Detect
from executus_gateway.sources.places import kind_of, label_of, location_of, normal_place

__all__ = ["SourceManager"]

logger = logging.getLogger("executus_gateway.sources")

RESERVED: Final = frozenset({"search", "describe", "executor", "call"})


class SourceManager:
    """Knows all sources, and has the catalogs of those that have one.

    Args:
        ledger: Keeps sources and references of credentials.
        connectors: By kind.
        artifacts: Keeps compiled catalogs.
        vault: Keeps secrets.
        detect: Finds out what is at an address.
    """

    def __init__(
        self,
        ledger: Ledger,
        connectors: Mapping[SourceKind, Connector],
        artifacts: ArtifactStore,
        vault: Vault,
        detect: Detect,
    ) -> None:
        self._ledger = ledger
        self._connectors = connectors
        self._artifacts = artifacts
        self._detect = detect
        self._turns: dict[str, anyio.Lock] = {}
        self._adding = anyio.Lock()
        self._stale: set[str] = set()
        self.catalogs: Final = Catalogs()
        self.book: Final = CredentialBook(ledger, vault)

    async def start(self) -> None:
        """Open the catalogs there are; nothing is asked of any source."""
        for source in self._ledger.all(Source):
            if source.state == "probing":
                problem = "the gateway was restarted while it was read: refresh it"
                await self._move(source, "error", problem)
            if source.digest and (data := await self._artifacts.get("catalog", source.digest)):
                self._shelve(source, data)

    def list(self) -> list[Source]:
        """All sources, oldest first."""
        return self._ledger.all(Source)

    def note_change(self, changed: SourceId) -> None:
        """A source's tools are not what they were: read anew before they are used next."""
        self._stale.add(changed)

    async def place_at(self, url: str, base_url: str = "") -> Place:
        """What kind of source is at an address, found out by asking it.

        Raises:
            SourceFailed: Nothing the gateway knows; says what was tried.
        """
        return await self._detect(url, base_url)

    async def add(self, place: Place, *, namespace: str = "", trust_hints: bool = True) -> Source:
        """Add a source and read it. One that is there already is read anew.

        Returns:
            The source as it is after reading; how that went is its state.

        Raises:
            Refused: The place or the namespace cannot be one.
        """
        place = normal_place(place)
        kind = kind_of(place)
        found_id = source_id(self._ledger.workspace, kind, location_of(place))
        async with self._adding:  # two at once must not get the same namespace
            if self._ledger.get(Source, found_id) is None:
                source = Source(
                    id=found_id,
                    workspace=self._ledger.workspace,
                    namespace=self._free(namespace, place),
                    kind=kind,
                    place=place,
                    trust_hints=trust_hints,
                )
                await self._ledger.commit("source.draft", source, actor="model")
        return await self.refresh(found_id)

    async def remove(self, removed: str) -> Source:
        """Remove a source, its catalog and its credentials; by id or namespace.

        Raises:
            UnknownId: There is none.
        """
        async with self._turn(self.require(removed)):  # one that is read now would come back
            source = self.require(removed)
            await self._remove(source)
        return source

    async def refresh(self, refreshed: str) -> Source:
        """Read a source anew. Failing leaves the catalog it had.

        Raises:
            UnknownId: There is none of that id or namespace.
        """
        source = self.require(refreshed)
        async with self._turn(source):
            source = await self._move(self.require(source.id), "probing")
            try:
                return await self._read(source)
            except AuthRequired as error:
                marked = await self.book.refused(source, await self.book.of(source))
                source = moved(source, "auth_required", problem=str(error), wants=error.schemes)
                await self._ledger.commit("source.auth_required", source, *marked)
                return source
            except SourceFailed as error:
                return await self._move(source, "error", str(error))
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await self._move(source, "error", "reading it was ended: refresh it")
                raise

    def require(self, name: str) -> Source:
        """A source by id or namespace.

        Raises:
            UnknownId: There is none.
        """
        for source in self.list():
            if name in {source.id, source.namespace}:
                return source
        return self._ledger.require(Source, name)

    async def heal(self, namespace: str) -> None:
        """Read a source anew when it said that it changed."""
        for source in self.list():
            if source.namespace == namespace and source.id in self._stale:
                self._stale.discard(source.id)
                await self.refresh(source.id)

    def describe(self, found: Found) -> ToolDescriptor:
        """A tool in full.

        Raises:
            SourceFailed: Its catalog says it has the tool, and cannot describe it.
        """
        namespace, _, rest = found.path.partition(".")
        catalog = self.catalogs.catalog(namespace)
        tool = None if catalog is None else catalog.describe(rest)
        if tool is None:
            raise SourceFailed(f"{found.path} cannot be described: refresh its source")
        return tool

    def missing(self, found: Found, tool: ToolDescriptor) -> tuple[AuthScheme, ...]:
        """The credentials a call lacks: those of the group that lacks least; empty for none."""
        source = self.require(found.source)
        catalog = self.catalogs.catalog(source.namespace)
        if catalog is None or not tool.auth:
            return self.wanted(source)
        known = {scheme.name: scheme for scheme in catalog.schemes}
        groups = [[known[name] for name in group if name in known] for group in tool.auth]
        return min((self.book.lacking(source, group) for group in groups), key=len)

    def wanted(self, source: Source) -> tuple[AuthScheme, ...]:
        """The credentials a source has asked for itself and does not have."""
        return self.book.lacking(source, source.wants)

    def check(self, found: Found, arguments: Mapping[str, Any]) -> None:
        """Whether arguments can be sent, beyond what their schema says; see `Catalog.check`.

        Raises:
            MisfitArguments: They cannot.
        """
        namespace, _, rest = found.path.partition(".")
        if (catalog := self.catalogs.catalog(namespace)) is not None:
            catalog.check(rest, arguments)

    async def call(
        self,
        found: Found,
        tool: ToolDescriptor,
        arguments: Mapping[str, Any],
        credentials: Credentials,
        keep: KeepFile,
    ) -> ToolResult:
        """Call a tool once, with credentials of its source; files it gives go to `keep`.

        One that refuses them is in state `auth_required` from then on, until a call succeeds or it
        is read anew; the next call asks a person for another credential.
        """
        source = self.require(found.source)
        connector = self._connectors[source.kind]
        try:
            result = await connector.call(source, tool, arguments, credentials, keep)
        except AuthRequired as error:
            await self._unauthorized(source.id, error, credentials)
            return ToolFailed(error=ToolError(code="auth_required", message=str(error)))
        if isinstance(result, ToolOk) and self.require(source.id).state == "auth_required":
            await self._authorized(source.id)
        return result

    async def _unauthorized(
        self, source_id: str, error: AuthRequired, credentials: Credentials
    ) -> None:
        async with self._free_turn(source_id) as source:
            if source is not None and source.state in {"connected", "auth_required"}:
                marked = await self.book.refused(source, credentials)
                now = moved(source, "auth_required", problem=str(error), wants=error.schemes)
                await self._ledger.commit("source.auth_required", now, *marked)

    async def _authorized(self, source_id: str) -> None:
        async with self._free_turn(source_id) as source:
            if source is not None and source.state == "auth_required":
                await self._move(source, "connected")

    @asynccontextmanager
    async def _free_turn(self, source_id: str) -> AsyncGenerator[Source | None]:
        """The source while nobody else changes it; None when it is gone or being read."""
        turn = self._turns.setdefault(source_id, anyio.Lock())
        if turn.locked():
            yield None  # reading it finds out by itself
            return
        async with turn:
            yield self._ledger.get(Source, source_id)

    async def _remove(self, source: Source) -> None:
        references = self.book.references(source)
        await self._connectors[source.kind].release(source)
        self.catalogs.drop(source.namespace)
        drops = [Drop(collection="credential", id=reference.id) for reference in references]
        drops.append(Drop(collection="source", id=source.id))
        if artifact := self._ledger.get(ToolArtifact, _artifact_id(source)):
            drops.append(Drop(collection="artifact", id=artifact.id))
        await self._ledger.commit("source.removed", *drops, actor="model")
        await self.book.forget(references)
        await self._drop_catalog(source.digest)

    def _turn(self, source: Source) -> anyio.Lock:
        return self._turns.setdefault(source.id, anyio.Lock())

    async def _read(self, source: Source) -> Source:
        connector, before = self._connectors[source.kind], source.digest
        loaded = await connector.load(source, await self.book.of(source))
        digest = hashlib.sha256(loaded.version.encode() + b"\0" + loaded.artifact).hexdigest()
        await self._artifacts.put("catalog", digest, loaded.artifact)
        catalog = connector.open(source, loaded.artifact)
        self.catalogs.set(SourceId(source.id), source.namespace, catalog)
        self._stale.discard(source.id)
        count = len(catalog.summaries)
        artifact = ToolArtifact(
            id=_artifact_id(source),
            source=SourceId(source.id),
            digest=digest,
            connector=loaded.version,
            tool_count=count,
            size_bytes=len(loaded.artifact),
        )
        update = {"digest": digest, "tool_count": count, "loaded_ms": self._ledger.now_ms()}
        source = self._settled(source, catalog).model_copy(update=update)
        await self._ledger.commit(f"source.{source.state}", source, artifact)
        if before != digest:
            await self._drop_catalog(before)
        return source

    async def _drop_catalog(self, digest: str) -> None:
        """Forget a catalog that no source has any more."""
        if digest and all(source.digest != digest for source in self.list()):
            await self._artifacts.drop("catalog", digest)

    def _settled(self, source: Source, catalog: Catalog) -> Source:
        lacking = self.book.lacking(source, catalog.schemes)
        if catalog.auth_required and lacking and len(lacking) == len(catalog.schemes):
            names = ", ".join(scheme.name for scheme in lacking[:5])
            problem = f"it wants a credential ({names}): the first call asks a person for it"
            return moved(source, "auth_required", problem=problem)
        return moved(source, "connected")

    def _shelve(self, source: Source, data: bytes) -> None:
        try:
            catalog = self._connectors[source.kind].open(source, data)
        except SourceFailed as error:
            logger.warning("the catalog of %s is read anew when it is used: %s", source.id, error)
            self.note_change(SourceId(source.id))
            return
        self.catalogs.set(SourceId(source.id), source.namespace, catalog)

    async def _move(self, source: Source, state: SourceState, problem: str = "") -> Source:
        source = moved(source, state, problem=problem)
        await self._ledger.commit(f"source.{state}", source)
        return source

    def _free(self, namespace: str, place: Place) -> str:
        taken = [source.namespace for source in self.list()]
        if not namespace:
            return namespace_from(label_of(place), taken)
        if namespace in RESERVED or namespace in taken:
            raise Refused(f"the namespace {namespace!r} is taken: give another, or none")
        return namespace


def _artifact_id(source: Source) -> str:
    return f"art_{source.id.removeprefix('src_')}"
