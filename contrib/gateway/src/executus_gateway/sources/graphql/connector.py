"""GraphQL endpoints as sources: each call is one operation, its arguments sent as variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

from executus.egress import Egress, EgressError
from executus_gateway.domain import MisfitArguments
from executus_gateway.errors import SourceFailed
from executus_gateway.ports import Credentials, Loaded
from executus_gateway.schema import (
    ErrorCode,
    GraphqlPlace,
    Source,
    ToolDescriptor,
    ToolError,
    ToolFailed,
    ToolOk,
    ToolResult,
)
from executus_gateway.sources.challenges import refusal_of
from executus_gateway.sources.graphql.catalog import SELECT, VERSION, GraphqlCatalog, compiled
from executus_gateway.sources.graphql.schema import read_schema
from executus_gateway.sources.headers import headers_of
from executus_gateway.sources.protection import protected
from majordomo.threads import call_in_thread

__all__ = ["GraphqlConnector"]

MAX_ANSWER_BYTES = 20 * 1024 * 1024
TIMEOUT_S = 60.0
USER_AGENT = "executus-gateway"


class GraphqlConnector:
    """A `Connector`.

    Args:
        guard: Sends all requests.
    """

    def __init__(self, *, guard: Egress) -> None:
        self._guard = guard
        self._open: dict[str, GraphqlCatalog] = {}

    async def load(self, source: Source, credentials: Credentials) -> Loaded:
        """Read the schema."""
        schema = await read_schema(_place(source), self._guard, headers_of(credentials))
        return Loaded(artifact=await call_in_thread(compiled, schema), version=VERSION)

    def open(self, source: Source, artifact: bytes) -> GraphqlCatalog:
        """Open a catalog."""
        catalog = self._open[source.id] = GraphqlCatalog(artifact)
        return catalog

    async def call(
        self,
        source: Source,
        tool: ToolDescriptor,
        arguments: Mapping[str, Any],
        credentials: Credentials,
    ) -> ToolResult:
        """Send one operation."""
        catalog = self._open.get(source.id)
        if catalog is None:
            return _failed("source_error", "the catalog is not open: refresh the source")
        variables = {name: value for name, value in arguments.items() if name != SELECT}
        try:
            text = catalog.document(tool.path, str(arguments.get(SELECT, "")), variables)
            response = await self._guard.fetch(
                "POST",
                _place(source).url,
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": USER_AGENT,
                    **headers_of(credentials),
                },
                content=to_json({"query": text, "variables": variables}),
                timeout_s=TIMEOUT_S,
                max_bytes=MAX_ANSWER_BYTES,
                redirects=False,
            )
        except MisfitArguments as error:
            return _failed("invalid_arguments", str(error))
        except EgressError as error:
            return _failed("source_error", str(error))
        if (refused := refusal_of(response)) is not None:
            url = _place(source).url
            raise await protected(self._guard, url, refused, given=bool(credentials))
        return _told(response.status, response.body, catalog.field(tool.path))

    async def release(self, source: Source) -> None:
        """Forget the catalog."""
        self._open.pop(source.id, None)


def _told(status: int, body: bytes, field: str) -> ToolResult:
    try:
        answer: Any = from_json(body)
        errors: Any = answer.get("errors")
        data: Any = answer.get("data")
    except (ValueError, AttributeError):
        return _failed("source_error", f"the endpoint answered {status}, and not in GraphQL")
    if errors:
        message = "; ".join(str(error.get("message", error)) for error in errors[:5])
        error = ToolError(code="tool_error", message=message[:2000], status=status, detail=data)
        return ToolFailed(error=error)
    given: Mapping[str, Any] = data or {}
    return ToolOk(data=given.get(field))


def _place(source: Source) -> GraphqlPlace:
    if not isinstance(source.place, GraphqlPlace):
        raise SourceFailed("this source is not a GraphQL endpoint")
    return source.place


def _failed(code: ErrorCode, message: str) -> ToolFailed:
    return ToolFailed(error=ToolError(code=code, message=message))
