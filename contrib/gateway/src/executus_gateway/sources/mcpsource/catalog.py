"""The tools of an MCP server as a catalog: identifiers for their names, hints for their effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from executus_gateway.domain import identifiers
from executus_gateway.errors import SourceFailed
from executus_gateway.schema import AuthScheme, ToolDescriptor, ToolEffect, ToolSummary

__all__ = ["VERSION", "McpCatalog", "compiled"]

VERSION = "mcp 1"
MAX_DESCRIPTION = 8000
MAX_SUMMARY = 160


class _Listed(BaseModel):
    """A tool as the server lists it; what is not used here is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    title: str | None = None
    description: str | None = None
    input_schema: dict[str, Any] = Field(default_factory=dict, alias="inputSchema")
    output_schema: dict[str, Any] | None = Field(default=None, alias="outputSchema")
    annotations: dict[str, Any] = Field(default_factory=dict)


class _Artifact(BaseModel):
    model_config = ConfigDict(frozen=True)

    version: str
    tools: tuple[_Listed, ...]


def compiled(listed: Sequence[Mapping[str, Any]]) -> bytes:
    """An artifact of what a server lists, in the server's order; entries without a name go."""
    tools: list[_Listed] = []
    for entry in listed:
        try:
            tools.append(_Listed.model_validate(dict(entry)))
        except ValidationError:
            continue  # one broken entry must not hide the others
    return _Artifact(version=VERSION, tools=tuple(tools)).model_dump_json(by_alias=True).encode()


class McpCatalog:
    """A `Catalog` of an artifact.

    Args:
        artifact: What `compiled` made.
        trust_hints: Whether `readOnlyHint` makes a tool one that reads.
        schemes: Credentials its server is started or called with.

    Raises:
        SourceFailed: It is of another version.
    """

    def __init__(
        self, artifact: bytes, *, trust_hints: bool, schemes: Sequence[AuthScheme] = ()
    ) -> None:
        try:
            read = _Artifact.model_validate_json(artifact)
        except ValidationError as error:
            raise SourceFailed("the stored catalog is of another version: refresh it") from error
        if read.version != VERSION:
            raise SourceFailed("the stored catalog is of another version: refresh it")
        names = identifiers(tool.name for tool in read.tools)
        self._trust = trust_hints
        self._tools = {names[tool.name]: tool for tool in read.tools}
        self._schemes = tuple(schemes)
        self._summaries = tuple(self._summary(path) for path in self._tools)

    @property
    def summaries(self) -> Sequence[ToolSummary]:
        """All tools, in the server's order."""
        return self._summaries

    @property
    def schemes(self) -> Sequence[AuthScheme]:
        """What it is given."""
        return self._schemes

    @property
    def auth_required(self) -> bool:
        """A server that could be listed needs nothing more."""
        return False

    def describe(self, path: str) -> ToolDescriptor | None:
        """A tool in full."""
        tool = self._tools.get(path)
        if tool is None:
            return None
        schema = {"type": "object", **tool.input_schema}
        return ToolDescriptor(
            path=path,
            origin=tool.name,
            description=(tool.description or tool.title or "")[:MAX_DESCRIPTION],
            effect=_effect(tool.annotations, trust=self._trust),
            input_schema=_closed(schema),
            output_schema=tool.output_schema,
        )

    def check(self, path: str, arguments: Mapping[str, Any]) -> None:
        """The schema says it all."""
        del path, arguments

    def _summary(self, path: str) -> ToolSummary:
        tool = self._tools[path]
        described = tool.description or tool.title or ""
        first = next((line.strip() for line in described.splitlines() if line.strip()), "")
        return ToolSummary(
            path=path,
            summary=first[:MAX_SUMMARY],
            effect=_effect(tool.annotations, trust=self._trust),
            words=f"{tool.title or ''} {' '.join(_properties(tool.input_schema))}",
        )


def _effect(hints: Mapping[str, Any], *, trust: bool) -> ToolEffect:
    if hints.get("destructiveHint") is True and hints.get("readOnlyHint") is not True:
        return "destructive"
    if trust and hints.get("readOnlyHint") is True and hints.get("destructiveHint") is not True:
        return "read"
    return "write"


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """With no other arguments than it names, where it names any and says nothing of others."""
    if "additionalProperties" in schema or "patternProperties" in schema or _composed(schema):
        return schema
    return {**schema, "additionalProperties": False}


def _composed(schema: Mapping[str, Any]) -> bool:
    return any(key in schema for key in ("$ref", "allOf", "anyOf", "oneOf"))


def _properties(schema: Mapping[str, Any]) -> list[str]:
    found: object = schema.get("properties")
    return list(cast("dict[str, Any]", found)) if isinstance(found, dict) else []
