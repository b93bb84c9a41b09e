"""OpenAPI services as sources: each call is one request through the guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urljoin

from executus.egress import Egress, EgressError, EgressResponse
from executus_gateway.domain import MisfitArguments
from executus_gateway.errors import SourceFailed
from executus_gateway.ports import AuthRequired, Credential, Credentials, KeepFile, Loaded
from executus_gateway.schema import (
    ErrorCode,
    OpenapiPlace,
    Source,
    ToolDescriptor,
    ToolError,
    ToolFailed,
    ToolResult,
)
from executus_gateway.sources.challenges import Refusal, refusal_of
from executus_gateway.sources.headers import header_of
from executus_gateway.sources.openapi.catalog import OpenapiCatalog
from executus_gateway.sources.openapi.collecting import uncollected
from executus_gateway.sources.openapi.compiling import VERSION, compiled
from executus_gateway.sources.openapi.document import parsed, read_document
from executus_gateway.sources.openapi.parameters import BuiltRequest
from executus_gateway.sources.openapi.responses import told
from executus_gateway.sources.protection import protected
from majordomo.threads import call_in_thread

__all__ = ["OpenapiConnector"]

MAX_ANSWER_BYTES = 20 * 1024 * 1024
TIMEOUT_S = 60.0
USER_AGENT = "executus-gateway"


class OpenapiConnector:
    """A `Connector`.

    Args:
        guard: Sends all requests.
    """

    def __init__(self, *, guard: Egress) -> None:
        self._guard = guard
        self._open: dict[str, OpenapiCatalog] = {}

    async def load(self, source: Source, credentials: Credentials) -> Loaded:
        """Read and compile the document; no credentials are sent to where it is."""
        del credentials
        place = _place(source)
        artifact = await call_in_thread(_artifact, await read_document(place, self._guard))
        _base(place, next(iter(OpenapiCatalog(artifact).servers), ""))
        return Loaded(artifact=artifact, version=VERSION)

    def open(self, source: Source, artifact: bytes) -> OpenapiCatalog:
        """Open a catalog."""
        catalog = self._open[source.id] = OpenapiCatalog(artifact)
        return catalog

    async def call(
        self,
        source: Source,
        tool: ToolDescriptor,
        arguments: Mapping[str, Any],
        credentials: Credentials,
        keep: KeepFile,
    ) -> ToolResult:
        """Send one request."""
        catalog = self._open.get(source.id)
        plan = None if catalog is None else catalog.plan(tool.path)
        if catalog is None or plan is None:
            return _failed("source_error", "the operation is not in the catalog: refresh it")
        try:
            request = plan.build(arguments)
            base = _base(_place(source), plan.server or next(iter(catalog.servers), ""))
        except MisfitArguments as error:
            return _failed("invalid_arguments", str(error))
        except SourceFailed as error:
            return _failed("source_error", str(error))
        declared = {scheme.name for scheme in catalog.schemes}
        chosen = _chosen(tool, credentials, declared)
        secret_headers = [_authorize(request, credential) for credential in chosen]
        response = await self._send(base, request, [name for name in secret_headers if name])
        if isinstance(response, ToolFailed):
            return response
        if (refused := refusal_of(response)) is not None:
            raise await self._wanted(base, refused, catalog, tool, chosen)
        return await told(response, keep)

    async def release(self, source: Source) -> None:
        """Forget the catalog."""
        self._open.pop(source.id, None)

    async def _send(
        self, base: str, request: BuiltRequest, secret_headers: list[str]
    ) -> EgressResponse | ToolFailed:
        query = f"?{urlencode(request.query)}" if request.query else ""
        headers = {"Accept": "application/json, */*;q=0.5", "User-Agent": USER_AGENT}
        headers.update(request.headers)
        if request.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in request.cookies.items())
        try:
            return await self._guard.fetch(
                request.method,
                f"{base}{request.path}{query}",
                headers=headers,
                content=request.content,
                timeout_s=TIMEOUT_S,
                max_bytes=MAX_ANSWER_BYTES,
                oversize="cut",
                redirects=request.method in {"GET", "HEAD"},
                secret_headers=secret_headers,
            )
        except EgressError as error:
            return _failed("source_error", str(error))

    async def _wanted(
        self,
        base: str,
        refused: Refusal,
        catalog: OpenapiCatalog,
        tool: ToolDescriptor,
        chosen: Sequence[Credential],
    ) -> AuthRequired:
        """What is wanted: what the document says, or else what the answer says."""
        wanted = await protected(self._guard, base, refused, given=bool(chosen))
        names = {name for group in tool.auth for name in group}
        declared = tuple(scheme for scheme in catalog.schemes if scheme.name in names)
        return AuthRequired(str(wanted), declared or wanted.schemes)


def _base(place: OpenapiPlace, server: str) -> str:
    """Where requests go: what the person said, or the server that the document names."""
    if place.base_url:
        return place.base_url
    base = server if place.spec.startswith("/") else urljoin(place.spec, server or "/")
    if not base.startswith(("http://", "https://")):
        raise SourceFailed("the document does not say where the service is: give base_url")
    return base.rstrip("/")


def _artifact(data: bytes) -> bytes:
    with uncollected():
        return compiled(parsed(data))


def _place(source: Source) -> OpenapiPlace:
    if not isinstance(source.place, OpenapiPlace):
        raise SourceFailed("this source is not an OpenAPI service")
    return source.place


def _chosen(tool: ToolDescriptor, credentials: Credentials, declared: set[str]) -> list[Credential]:
    """The first group that is complete, and what the person added beside the document's.

    A group without any schemes, which is complete, stands last: a credential there is, is used.
    """
    have = {credential.scheme.name: credential for credential in credentials}
    group = next((group for group in tool.auth if all(name in have for name in group)), ())
    extra = [credential for name, credential in have.items() if name not in declared]
    return [*(have[name] for name in group), *extra]


def _authorize(request: BuiltRequest, credential: Credential) -> str:
    """Put a credential in; gives the name of the header it is in, if it is in one."""
    scheme, value = credential.scheme, credential.value
    if (header := header_of(credential)) is not None:
        request.headers[header[0]] = header[1]
        return header[0]
    match scheme.placement:
        case "query":
            request.query.append((scheme.key, value))
            return ""
        case _:
            request.cookies[scheme.key] = value
            return "Cookie"


def _failed(code: ErrorCode, message: str) -> ToolFailed:
    return ToolFailed(error=ToolError(code=code, message=message))
