"""A tool as people and models are shown it, and the compiled catalog it comes from."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field

from executus_gateway.schema.ids import SourceId
from executus_gateway.schema.record import Record, Value

__all__ = ["ToolArtifact", "ToolDescriptor", "ToolEffect", "ToolSummary"]

ToolEffect: TypeAlias = Literal["read", "write", "destructive"]


class ToolSummary(Value):
    """What a search shows.

    Attributes:
        path: Below the source: `group.name`, or `name` where there are no groups. Each segment is
            an identifier.
        summary: One line.
        effect: What it does, by the source's own word; the policy's default hangs on it.
        words: Further words to find it by.
    """

    path: str
    summary: str = ""
    effect: ToolEffect = "write"
    words: str = ""


class ToolDescriptor(Value):
    """All there is to know before calling.

    Attributes:
        path: As in the summary.
        origin: The source's own name for it.
        description: As the source gives it, capped.
        effect: As in the summary.
        input_schema: JSON Schema of the arguments, an object; self-contained.
        output_schema: JSON Schema of the answer, when the source gives one.
        auth: Names of the credentials a call needs; any one group of them will do.
        files: The places of arguments that are files, as steps; `*` is each item of a list.
    """

    path: str
    origin: str = ""
    description: str = ""
    effect: ToolEffect = "write"
    input_schema: dict[str, Any] = Field(default_factory=dict)
    output_schema: dict[str, Any] | None = None
    auth: tuple[tuple[str, ...], ...] = ()
    files: tuple[tuple[str, ...], ...] = ()


class ToolArtifact(Record):
    """A compiled catalog, kept under the hash of what it was made from. Its bytes are a file.

    Attributes:
        source: Whose.
        digest: Under which the artifact store has it.
        connector: Name and version of what compiled it; another version compiles anew.
        tool_count: Tools in it.
        size_bytes: Of the file.
    """

    collection: Literal["artifact"] = "artifact"
    source: SourceId
    digest: str
    connector: str
    tool_count: int
    size_bytes: int
