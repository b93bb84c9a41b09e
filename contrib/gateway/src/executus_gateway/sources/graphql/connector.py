"""GraphQL endpoints as sources: each call is one operation, its arguments sent as variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from executus.egress import Egress, EgressError
from executus_gateway.domain import MisfitArguments
from executus_gateway.errors import SourceFailed
from executus_gateway.ports import Credentials, KeepFile, Loaded
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
from executus_gateway.sources.jsonobjects import as_list, as_object, json_object
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
        keep: KeepFile,
    ) -> ToolResult:
        """Send one operation."""
        del keep
        catalog = self._open.get(source.id)
        if catalog is None or not catalog.has(tool.path):
            return _failed("source_error", "the operation is not in the catalog: refresh it")
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
            if error.reason != "size":
                return _failed("source_error", str(error))
            message = f"the answer is over {MAX_ANSWER_BYTES} bytes: ask for less with select="
            sent = "" if tool.effect == "read" else "; what was asked for has been done"
            return _failed("too_large", f"{message}{sent}")
        if (refused := refusal_of(response)) is not None:
            url = _place(source).url
            raise await protected(self._guard, url, refused, given=bool(credentials))
        return _told(response.status, response.body, catalog.field(tool.path))

    async def release(self, source: Source) -> None:
        """Forget the catalog."""
        self._open.pop(source.id, None)


def _told(status: int, body: bytes, field: str) -> ToolResult:
    answer = json_object(body)
    errors = answer.get("errors")
    if errors:
        told = as_list(errors) or [errors]
        message = "; ".join(str(as_object(error).get("message", error)) for error in told[:5])
        detail = answer.get("data")
        error = ToolError(code="tool_error", message=message[:2000], status=status, detail=detail)
        return ToolFailed(error=error)
    if not isinstance(answer.get("data"), dict):
        return _failed("source_error", f"the endpoint answered {status}, and not in GraphQL")
    return ToolOk(data=answer["data"].get(field))


def _place(source: Source) -> GraphqlPlace:
    if not isinstance(source.place, GraphqlPlace):
        raise SourceFailed("this source is not a GraphQL endpoint")
    return source.place


def _failed(code: ErrorCode, message: str) -> ToolFailed:
    return ToolFailed(error=ToolError(code=code, message=message))
