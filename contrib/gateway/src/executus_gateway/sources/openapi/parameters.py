"""From arguments to a request: where each goes and how it is written there. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self, cast
from urllib.parse import quote

from pydantic_core import to_json

from executus_gateway.domain import MisfitArguments
from executus_gateway.sources.jsonobjects import as_object
from executus_gateway.sources.openapi.bodies import Body
from executus_gateway.sources.openapi.inlining import Inliner
from executus_gateway.sources.openapi.texts import bracketed, text_of

__all__ = ["BODY", "BuiltRequest", "Parameter", "Plan"]

BODY: Final = "body"
_GAP: Final = re.compile(r"\{[^{}/]*\}")


@dataclass(slots=True, kw_only=True)
class BuiltRequest:
    """What is sent, but for credentials.

    Attributes:
        method: In capitals.
        path: Below the base address.
        query: In order; a name may be there twice.
        headers: By name.
        cookies: By name.
        content: The body.
    """

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    cookies: dict[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument that is not the body.

    Attributes:
        argument: Its name in a call.
        name: Its name in the request.
        place: `path`, `query`, `header` or `cookie`.
        required: Whether a call must give it.
        schema: Of its value.
        style: How lists and objects are written.
        explode: Whether each of their items stands for itself.
        as_json: Whether its value is JSON text.
    """

    argument: str
    name: str
    place: str
    required: bool
    schema: Any
    style: str
    explode: bool
    as_json: bool

    @classmethod
    def declared(cls, argument: str, declared: Mapping[str, Any], inliner: Inliner) -> Self:
        """From a document's parameter."""
        place = str(declared["in"])
        style = str(declared.get("style") or ("form" if place in {"query", "cookie"} else "simple"))
        content = as_object(declared.get("content"))
        schema = declared.get("schema")
        if schema is None and content:
            schema = as_object(next(iter(content.values()))).get("schema")
        made = dict(as_object(inliner.schema(schema)))
        if "description" in declared and "$ref" not in made:
            made.setdefault("description", str(declared["description"])[:500])
        return cls(
            argument=argument,
            name=str(declared["name"]),
            place=place,
            required=place == "path" or declared.get("required") is True,
            schema=made,
            style=style,
            explode=bool(declared.get("explode", style == "form")),
            as_json=bool(content),
        )

    def written(self, value: Any) -> list[tuple[str, str]]:
        """Pairs of name and text."""
        if self.as_json:
            return [(self.name, to_json(value).decode())]
        if isinstance(value, dict):
            return self._object(cast("dict[str, Any]", value))
        if isinstance(value, list):
            return self._list(cast("list[Any]", value))
        return [(self.name, text_of(value))]

    def _list(self, items: Sequence[Any]) -> list[tuple[str, str]]:
        texts = [text_of(item) for item in items]
        if self.place == "query" and self.explode:
            name = f"{self.name}[]" if self.style == "deepObject" else self.name
            return [(name, text) for text in texts]
        joint = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(self.style, ",")
        return [(self.name, joint.join(texts))]

    def _object(self, items: Mapping[str, Any]) -> list[tuple[str, str]]:
        if self.style == "deepObject":
            return list(bracketed(self.name, items))
        if self.place == "query" and self.explode:
            return [(key, text_of(item)) for key, item in items.items()]
        joint = "=" if self.explode else ","
        return [(self.name, ",".join(f"{key}{joint}{text_of(v)}" for key, v in items.items()))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a call becomes a request.

    Attributes:
        method: In capitals.
        route: With `{names}`.
        server: Its own; empty where it is at the document's.
        parameters: All but the body.
        body: If any.
        auth: Groups of schemes.
    """

    method: str
    route: str
    server: str
    parameters: Sequence[Parameter]
    body: Body | None
    auth: tuple[tuple[str, ...], ...]

    def schema(self) -> dict[str, Any]:
        """Of the arguments: closed, so that a misspelled one is found here."""
        properties = {parameter.argument: parameter.schema for parameter in self.parameters}
        required = [parameter.argument for parameter in self.parameters if parameter.required]
        if self.body is not None:
            properties[BODY] = self.body.schema
            required += [BODY] if self.body.required else []
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    @property
    def files(self) -> tuple[tuple[str, ...], ...]:
        """The places of arguments that are files."""
        return () if self.body is None else tuple((BODY, *place) for place in self.body.files)

    def build(self, arguments: Mapping[str, Any]) -> BuiltRequest:
        """The request of a call.

        Raises:
            MisfitArguments: An argument cannot be written where it belongs.
        """
        request = BuiltRequest(method=self.method, path=self.route)
        for parameter in self.parameters:
            value = arguments.get(parameter.argument)
            if value is not None:
                _place(request, parameter, value)
        if self.body is not None and BODY in arguments:
            kind, request.content = self.body.written(arguments[BODY])
            request.headers["Content-Type"] = kind
        if missing := _GAP.search(request.path):
            raise MisfitArguments(f"the document does not say what {missing[0]} in the path is")
        return request


def _place(request: BuiltRequest, parameter: Parameter, value: Any) -> None:
    pairs = parameter.written(value)
    match parameter.place:
        case "path":
            text = pairs[0][1]
            if text in {"", ".", ".."}:
                raise MisfitArguments(f"{parameter.argument}: {text!r} cannot be part of a path")
            written = quote(text, safe="")
            request.path = request.path.replace("{" + parameter.name + "}", written)
        case "query":
            request.query.extend(pairs)
        case "header":
            if any(char in pairs[0][1] for char in "\r\n\0"):
                raise MisfitArguments(f"{parameter.argument}: a header is one line")
            request.headers[parameter.name] = pairs[0][1]
        case _:
            request.cookies.update((name, quote(text)) for name, text in pairs)
