"""A source of tools: where it is, and how far the gateway has come with it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from executus_gateway.schema.credential import AuthScheme
from executus_gateway.schema.ids import WorkspaceId
from executus_gateway.schema.record import Millis, Record, Value

__all__ = [
    "GraphqlPlace",
    "McpCommand",
    "McpEndpoint",
    "OpenapiPlace",
    "Place",
    "Source",
    "SourceKind",
    "SourceState",
]

SourceKind: TypeAlias = Literal["mcp", "openapi", "graphql"]

SourceState: TypeAlias = Literal["draft", "probing", "auth_required", "connected", "error"]
"""draft → probing → auth_required → connected | error; see `domain.sourcestates`."""

Namespace = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class McpCommand(Value):
    """An MCP server that is a process of ours.

    Attributes:
        command: Program, looked up in PATH.
        args: Its arguments.
        env: Its environment: variable → what to put there; a value that begins with `secret:` names
            a credential instead of holding it.
        cwd: Its working directory.
    """

    type: Literal["mcp_command"] = "mcp_command"
    command: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None


class McpEndpoint(Value):
    """An MCP server at an address, over streamable HTTP.

    Attributes:
        url: Absolute, without credentials.
    """

    type: Literal["mcp_endpoint"] = "mcp_endpoint"
    url: str


class OpenapiPlace(Value):
    """A service described by an OpenAPI 3 document.

    Attributes:
        spec: Address (http, https) of the document, or the absolute path of a file.
        base_url: Where requests go; empty takes the document's first server.
    """

    type: Literal["openapi"] = "openapi"
    spec: str
    base_url: str = ""


class GraphqlPlace(Value):
    """A GraphQL endpoint.

    Attributes:
        url: Where requests go.
        sdl: Absolute path of a file with its schema, or its address; empty asks the endpoint by
            introspection.
    """

    type: Literal["graphql"] = "graphql"
    url: str
    sdl: str = ""


Place: TypeAlias = Annotated[
    McpCommand | McpEndpoint | OpenapiPlace | GraphqlPlace, Field(discriminator="type")
]


class Source(Record):
    """One source of one workspace.

    Attributes:
        namespace: First segment of its tools' paths; unique in the workspace.
        kind: Which connector serves it.
        place: Where it is.
        state: How far it has come.
        problem: In state `error` or `auth_required`: one sentence, no secrets.
        digest: Hash of the catalog in use; empty before the first. Kept through an outage.
        tool_count: Tools of that catalog.
        loaded_ms: When that catalog was read; 0 for never.
        wants: In state `auth_required`: the credentials that would do.
        trust_hints: Whether an MCP server's hint that a tool only reads is believed.
    """

    collection: Literal["source"] = "source"
    workspace: WorkspaceId
    namespace: Namespace
    kind: SourceKind
    place: Place
    state: SourceState = "draft"
    problem: str = ""
    digest: str = ""
    tool_count: int = 0
    loaded_ms: Millis = 0
    wants: tuple[AuthScheme, ...] = ()
    trust_hints: bool = True
