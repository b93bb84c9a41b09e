"""What a kind of source must be able to do: be read, be opened from what was read, be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from executus_gateway.ports.file import KeepFile
from executus_gateway.schema import (
    AuthScheme,
    Source,
    ToolDescriptor,
    ToolResult,
    ToolSummary,
)

__all__ = ["Catalog", "Connector", "Credential", "Credentials", "Loaded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A value and where it goes.

    Attributes:
        scheme: Where.
        value: The secret.
    """

    scheme: AuthScheme
    value: str = field(repr=False)


Credentials = Sequence[Credential]
"""All the credentials a source has; the connector picks those a call needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What reading a source gave.

    Attributes:
        artifact: The compiled catalog; `Connector.open` reads it without any other input.
        version: Name and version of the compiler; another one compiles anew.
    """

    artifact: bytes = field(repr=False)
    version: str


class Catalog(Protocol):
    """The tools of one source, in memory. Cheap to have: details are read when asked for."""

    @property
    def summaries(self) -> Sequence[ToolSummary]:
        """All tools, in a stable order, paths distinct."""
        ...

    @property
    def schemes(self) -> Sequence[AuthScheme]:
        """The credentials its tools may want."""
        ...

    @property
    def auth_required(self) -> bool:
        """Whether nothing works without a credential."""
        ...

    def describe(self, path: str) -> ToolDescriptor | None:
        """All there is to know of a tool, or None."""
        ...

    def check(self, path: str, arguments: Mapping[str, Any]) -> None:
        """Whether arguments that fit the schema can be sent: what a schema cannot say.

        Args:
            path: Of a tool there is.
            arguments: A file among them is a `File`, perhaps without its bytes.

        Raises:
            MisfitArguments: They cannot.
        """
        ...


class Connector(Protocol):
    """One kind of source. Shared by all sources of that kind; safe to call from any task."""

    async def load(self, source: Source, credentials: Credentials) -> Loaded:
        """Ask the source what it has, and compile it.

        Raises:
            SourceFailed: It cannot be reached or read; the sentence may be shown to a model.
            AuthRequired: It wants credentials first.
        """
        ...

    def open(self, source: Source, artifact: bytes) -> Catalog:
        """Open what `load` made, in this process or an earlier one. No I/O.

        Raises:
            SourceFailed: It is not of this version.
        """
        ...

    async def call(
        self,
        source: Source,
        tool: ToolDescriptor,
        arguments: Mapping[str, Any],
        credentials: Credentials,
        keep: KeepFile,
    ) -> ToolResult:
        """Call a tool once, with arguments that fit its schema. Never repeats a request.

        Args:
            source: Whose tool it is.
            tool: As described.
            arguments: At the places `tool.files` names there are `File`s.
            credentials: The source's.
            keep: Takes files of the answer; what it returns belongs into the result.

        Returns:
            What came of it; a source that fails or is away is a `ToolFailed`.

        Raises:
            AuthRequired: It wants a credential, or refused the one it was given.
        """
        ...

    async def release(self, source: Source) -> None:
        """End what is kept for a source: sessions, processes."""
        ...
