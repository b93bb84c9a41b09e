"""What is at an address: found out by asking it, a few bounded questions in a fixed order.

    1. a file of this machine  read, not asked: OpenAPI in JSON or YAML, or a GraphQL schema
    2. document                GET, no event streams wanted: OpenAPI, or a GraphQL schema
    3. MCP                     POST of `initialize`; the session it opens is closed again
    4. GraphQL                 POST of `{ __typename }`

An address that says what it is (`….json`, `…/mcp`, `…/graphql`) is asked that question first. The
first that is answered as hoped decides; no credentials are sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from pydantic_core import to_json

from executus.egress import Egress, EgressError, EgressResponse
from executus_gateway.errors import SourceFailed
from executus_gateway.schema import GraphqlPlace, McpEndpoint, Place
from executus_gateway.sources.challenges import refusal_of
from executus_gateway.sources.describing import NoDescription, place_described
from executus_gateway.sources.jsonobjects import json_object
from executus_gateway.sources.urlparts import normal_url
from majordomo.threads import call_in_thread

__all__ = ["Detect", "Detector"]

Detect: TypeAlias = Callable[[str, str], Awaitable[Place]]
"""Finds a place from an address and, for what is described elsewhere, where requests go."""

MAX_BYTES = 64 * 1024 * 1024
MAX_PROBE_BYTES = 256 * 1024
DOCUMENT_TIMEOUT_S = 60.0
PROBE_TIMEOUT_S = 15.0
PROTOCOL_VERSION: Final = "2025-06-18"
"""Of the protocol: every server of today speaks it, or answers with the one it speaks."""

_FINAL: Final = frozenset({"url", "scheme", "host", "port", "address", "dns", "connect", "tls"})
"""What is so for every question: the others need not be asked."""

_JSON: Final = {"Content-Type": "application/json"}
_DOCUMENTS: Final = "application/json, application/yaml, text/yaml, text/plain;q=0.9, */*;q=0.1"
_Probe: TypeAlias = Callable[[str, str], Awaitable["Place | str"]]


class Detector:
    """Finds out what is at an address. Its `place` is a `Detect`.

    Args:
        guard: Sends all requests.
    """

    def __init__(self, *, guard: Egress) -> None:
        self._guard = guard
        self._probes: Mapping[str, _Probe] = {
            "document": self._document,
            "MCP": self._mcp,
            "GraphQL": self._graphql,
        }

    async def place(self, url: str, base_url: str = "") -> Place:
        """The place at an address.

        Args:
            url: http or https, or the absolute path of a file.
            base_url: Where requests go: needed for a GraphQL schema, else optional.

        Raises:
            Refused: It cannot be an address of a source.
            SourceFailed: It is nothing the gateway knows; the sentence says what was tried.
        """
        if url.startswith("/"):
            return place_described(await _file(url), url, base_url)
        url = normal_url(url)
        tried: list[str] = []
        for name in _order(url):
            found = await self._probes[name](url, base_url)
            if not isinstance(found, str):
                return found
            tried.append(f"as {name}: {found}")
        raise SourceFailed(
            f"{_shown(url)} is nothing that the gateway knows ({'; '.join(tried)}): give "
            "openapi=, mcp= or graphql= in place of url="
        )

    async def _document(self, url: str, base_url: str) -> Place | str:
        answer = await self._asked("GET", url, headers={"Accept": _DOCUMENTS}, whole=True)
        if isinstance(answer, str):
            return answer
        if answer.status != 200:
            return f"status {answer.status}"
        try:
            return await call_in_thread(place_described, answer.body, url, base_url)
        except NoDescription as error:
            return str(error)

    async def _mcp(self, url: str, base_url: str) -> Place | str:
        del base_url
        headers = {**_JSON, "Accept": "application/json, text/event-stream"}
        answer = await self._asked("POST", url, headers=headers, content=to_json(_INITIALIZE))
        if isinstance(answer, str):
            return answer
        if (refused := refusal_of(answer)) is not None:
            speaks = refused.challenge.metadata or _ends(url, "/mcp", "/sse")
            return McpEndpoint(url=url) if speaks else f"status {answer.status}"
        if not _initialized(answer):
            return f"status {answer.status}" if answer.status != 200 else "another answer"
        if session := answer.header("mcp-session-id"):
            await self._asked("DELETE", url, headers={"Mcp-Session-Id": session})
        return McpEndpoint(url=url)

    async def _graphql(self, url: str, base_url: str) -> Place | str:
        del base_url
        headers = {**_JSON, "Accept": "application/json"}
        content = to_json({"query": "{ __typename }"})
        answer = await self._asked("POST", url, headers=headers, content=content)
        if isinstance(answer, str):
            return answer
        if refusal_of(answer) is not None:
            named = _ends(url, "/graphql", "/gql")
            return GraphqlPlace(url=url) if named else f"status {answer.status}"
        if _is_graphql(answer.body):
            return GraphqlPlace(url=url)
        return f"status {answer.status}" if answer.status != 200 else "another answer"

    async def _asked(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        whole: bool = False,
    ) -> EgressResponse | str:
        try:
            return await self._guard.fetch(
                method,
                url,
                headers=headers,
                content=content,
                timeout_s=DOCUMENT_TIMEOUT_S if whole else PROBE_TIMEOUT_S,
                max_bytes=MAX_BYTES if whole else MAX_PROBE_BYTES,
                oversize="error" if whole else "cut",
                redirects=method == "GET",
            )
        except EgressError as error:
            if error.reason in _FINAL:
                raise SourceFailed(str(error)) from error
            return str(error)


_INITIALIZE: Final[Mapping[str, Any]] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": PROTOCOL_VERSION,
        "capabilities": {},
        "clientInfo": {"name": "executus-gateway", "version": "0"},
    },
}


def _order(url: str) -> Sequence[str]:
    order = ["document", "MCP", "GraphQL"]
    first = ""
    if _ends(url, "/mcp", "/sse"):
        first = "MCP"
    elif _ends(url, "/graphql", "/gql"):
        first = "GraphQL"
    return order if not first else [first, *(name for name in order if name != first)]


def _ends(url: str, *endings: str) -> bool:
    return urlsplit(url).path.rstrip("/").lower().endswith(endings)


async def _file(path: str) -> bytes:
    try:
        return await call_in_thread(Path(path).read_bytes)
    except OSError as error:
        raise SourceFailed(f"the file {path} cannot be read: {error.strerror}") from error


def _initialized(answer: EgressResponse) -> bool:
    """Whether an answer, plain or as an event stream, is one of the protocol's."""
    if answer.status != 200:
        return False
    text = answer.body.decode("utf-8", "replace")
    if answer.header("content-type").startswith("text/event-stream"):
        lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
        return any(map(_is_result, lines))
    return _is_result(text)


def _is_result(text: str) -> bool:
    found = json_object(text)
    result = found.get("result")
    told = found.get("jsonrpc") == "2.0" and isinstance(result, dict)
    return told and "protocolVersion" in cast("Mapping[str, Any]", result)


def _is_graphql(body: bytes) -> bool:
    found = json_object(body)
    data, errors = found.get("data"), found.get("errors")
    if isinstance(data, dict) and "__typename" in data:
        return True
    told: list[Any] = cast("list[Any]", errors) if isinstance(errors, list) else []
    return bool(told) and all(isinstance(error, dict) and "message" in error for error in told)


def _shown(url: str) -> str:
    """An address without its query, where keys are wont to be."""
    return url.partition("?")[0]
