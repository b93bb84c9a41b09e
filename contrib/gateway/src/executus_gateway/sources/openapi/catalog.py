"""The operations of a document as a catalog; details are read and resolved when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from executus_gateway.domain import identifiers
from executus_gateway.errors import SourceFailed
from executus_gateway.schema import AuthScheme, ToolDescriptor, ToolSummary
from executus_gateway.sources.jsonobjects import as_list, as_object
from executus_gateway.sources.openapi.bodies import Body
from executus_gateway.sources.openapi.compiling import HEAD_LENGTH, VERSION, Head, Operation
from executus_gateway.sources.openapi.inlining import Inliner
from executus_gateway.sources.openapi.parameters import Parameter, Plan

__all__ = ["OpenapiCatalog"]

MAX_DESCRIPTION = 6000
MAX_ANSWER_DEFINITIONS = 25
KEPT = 8
PLACES = ("path", "query", "header", "cookie")
_NOT_HEADERS = frozenset({"accept", "content-type", "authorization"})


class OpenapiCatalog:
    """A `Catalog` of an artifact.

    Args:
        artifact: What `compiled` made.

    Raises:
        SourceFailed: It is of another version.
    """

    def __init__(self, artifact: bytes) -> None:
        length = int.from_bytes(artifact[:HEAD_LENGTH], "big")
        self._pieces_at = HEAD_LENGTH + length
        self._artifact = artifact
        try:
            self._head = Head.model_validate_json(artifact[HEAD_LENGTH : self._pieces_at])
        except ValidationError as error:
            raise SourceFailed("the stored catalog is of another version: refresh it") from error
        if self._head.version != VERSION:
            raise SourceFailed("the stored catalog is of another version: refresh it")
        # Code calls one tool again and again; to describe one of a large document takes 10 ms.
        self._described = lru_cache(KEPT)(self._describe)
        self._planned = lru_cache(KEPT)(self._plan_of)
        self._operations = {operation.path: operation for operation in self._head.operations}
        self._summaries = tuple(
            ToolSummary(path=row.path, summary=row.summary, effect=row.effect, words=row.words)
            for row in self._head.operations
        )

    @property
    def summaries(self) -> Sequence[ToolSummary]:
        """All operations, in the document's order."""
        return self._summaries

    @property
    def schemes(self) -> Sequence[AuthScheme]:
        """The document's."""
        return self._head.schemes

    @property
    def servers(self) -> Sequence[str]:
        """Where the document says the service is; may be relative."""
        return self._head.servers

    @property
    def auth_required(self) -> bool:
        """Whether every operation wants a credential."""
        return bool(self._operations) and all(
            row.auth and () not in row.auth for row in self._head.operations
        )

    def describe(self, path: str) -> ToolDescriptor | None:
        """An operation in full."""
        return self._described(path)

    def check(self, path: str, arguments: Mapping[str, Any]) -> None:
        """Whether they can be written where they belong."""
        if (plan := self.plan(path)) is not None:
            plan.build(arguments)

    def plan(self, path: str) -> Plan | None:
        """How a call of an operation becomes a request."""
        return self._planned(path)

    def _describe(self, path: str) -> ToolDescriptor | None:
        row = self._operations.get(path)
        if row is None:
            return None
        given = Inliner(self._component)
        answered = Inliner(self._component, most=MAX_ANSWER_DEFINITIONS)
        piece = self._piece(*row.at)
        plan = self._plan(row, piece, given)
        output = _output(piece, answered)
        return ToolDescriptor(
            path=path,
            origin=f"{row.method} {row.route}",
            description=_described(piece),
            effect=row.effect,
            input_schema=_with_definitions(plan.schema(), given),
            output_schema=_with_definitions(output, answered) if output else None,
            auth=row.auth,
            files=plan.files,
        )

    def _plan_of(self, path: str) -> Plan | None:
        row = self._operations.get(path)
        if row is None:
            return None
        return self._plan(row, self._piece(*row.at), Inliner(self._component))

    def _plan(self, row: Operation, piece: Mapping[str, Any], inliner: Inliner) -> Plan:
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for entry in as_list(piece.get("parameters")):
            declared = inliner.resolve(entry)
            place, name = str(declared.get("in")), str(declared.get("name"))
            if place in PLACES and not (place == "header" and name.lower() in _NOT_HEADERS):
                found[place, name] = declared
        names = identifiers(_labels(found))
        parameters = [
            Parameter.declared(names[label], declared, inliner)
            for label, declared in zip(_labels(found), found.values(), strict=True)
        ]
        body = Body.declared(inliner.resolve(piece.get("requestBody")), inliner)
        return Plan(
            method=row.method,
            route=row.route,
            server=row.server,
            parameters=parameters,
            body=body,
            auth=row.auth,
        )

    def _piece(self, start: int, length: int) -> Mapping[str, Any]:
        begin = self._pieces_at + start
        return from_json(self._artifact[begin : begin + length])

    def _component(self, key: str) -> Any:
        place = self._head.pieces.get(key)
        return None if place is None else self._piece(*place)


def _with_definitions(schema: Mapping[str, Any], inliner: Inliner) -> dict[str, Any]:
    definitions = inliner.definitions()
    return {**schema, "$defs": dict(definitions)} if definitions else dict(schema)


def _labels(found: Mapping[tuple[str, str], Any]) -> list[str]:
    """Names of parameters; those that are in two places say in which."""
    names = [name for _, name in found]
    return [name if names.count(name) == 1 else f"{name} in {place}" for place, name in found]


def _described(piece: Mapping[str, Any]) -> str:
    texts = [str(piece.get(key) or "").strip() for key in ("summary", "description")]
    return "\n\n".join(dict.fromkeys(text for text in texts if text))[:MAX_DESCRIPTION]


def _output(piece: Mapping[str, Any], inliner: Inliner) -> dict[str, Any] | None:
    responses = as_object(piece.get("responses"))
    good = next((key for key in sorted(responses) if key.startswith("2")), None)
    if good is None:
        return None
    content = as_object(inliner.resolve(responses[good]).get("content"))
    kind = next((key for key in content if "json" in key), None)
    if kind is None:
        return None
    return dict(as_object(inliner.schema(as_object(content[kind]).get("schema")))) or None
