"""Forms: what their parts are, and how they are written, as query text or in parts. No I/O.

Where a document does not say how (`encoding`), a list is a part for each item; an object is written
in brackets, as PHP, Rails and Stripe read them, or, among parts, as JSON.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, cast
from urllib.parse import urlencode

from pydantic_core import to_json

from executus_gateway.domain import FILE_SCHEMA
from executus_gateway.ports import File
from executus_gateway.sources.jsonobjects import as_list, as_object
from executus_gateway.sources.openapi.inlining import Inliner
from executus_gateway.sources.openapi.texts import bracketed, text_of

__all__ = ["Form"]

MAX_DEPTH = 8
MAX_BRANCHES = 200
_COMBINED: Final = ("allOf", "anyOf", "oneOf")
_ESCAPES: Final = {ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One field of a form: whether it is a file, a list of files, and what the document says."""

    schema: Any
    file: bool = False
    many: bool = False
    style: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form.

    Attributes:
        parts: By name; others may be given where the form is open.
        schema: Of the object that is given.
        multipart: Whether it is written in parts.
    """

    parts: Mapping[str, _Part]
    schema: Mapping[str, Any]
    multipart: bool

    @classmethod
    def declared(cls, media: Mapping[str, Any], inliner: Inliner, *, multipart: bool) -> Self:
        """From a document's media type."""
        found = _Gathered(inliner)
        found.add(media.get("schema") or {}, required=True)
        encoding = as_object(media.get("encoding"))
        parts = {
            name: _part(schema, as_object(encoding.get(name)), inliner, multipart=multipart)
            for name, schema in found.properties.items()
        }
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name: part.schema for name, part in parts.items()},
            "required": [name for name in dict.fromkeys(found.required) if name in parts],
        }
        if parts and not found.open:
            schema["additionalProperties"] = False
        return cls(parts=parts, schema=schema, multipart=multipart)

    @property
    def files(self) -> tuple[tuple[str, ...], ...]:
        """The places of its files."""
        return tuple(
            (name, "*") if part.many else (name,) for name, part in self.parts.items() if part.file
        )

    def written(self, value: Mapping[str, Any]) -> tuple[str, bytes]:
        """Content type and bytes."""
        if not self.multipart:
            pairs = [pair for name, item in value.items() for pair in self._pairs(name, item)]
            return "application/x-www-form-urlencoded", urlencode(pairs).encode()
        boundary = secrets.token_hex(16)
        made = bytearray()
        for name, item in value.items():
            for head, data in self._pieces(name, item):
                made += f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
                made += data + b"\r\n"
        made += f"--{boundary}--\r\n".encode()
        return f"multipart/form-data; boundary={boundary}", bytes(made)

    def _pairs(self, name: str, value: Any) -> Iterable[tuple[str, str]]:
        part = self.parts.get(name, _PLAIN)
        if part.content_type.endswith("json"):
            return [(name, to_json(value).decode())]
        if part.style == "deepObject" or isinstance(value, dict):
            return bracketed(name, value)
        if not isinstance(value, list):
            return [] if value is None else [(name, text_of(value))]
        return [
            pair
            for item in cast("list[Any]", value)
            for pair in (bracketed(f"{name}[]", item) if _is_nested(item) else _plain(name, item))
        ]

    def _pieces(self, name: str, value: Any) -> Iterable[tuple[str, bytes]]:
        """Each part's header, from its name on, and its data."""
        part = self.parts.get(name, _PLAIN)
        items: list[Any] = [value]
        if isinstance(value, list) and not part.content_type.endswith("json"):
            items = cast("list[Any]", value)
        for item in items:
            if item is None:
                continue
            head = f'name="{name.translate(_ESCAPES)}"'
            if isinstance(item, File):
                yield _file_head(head, item, part), item.data
            elif part.content_type or isinstance(item, dict | list):
                kind = part.content_type or "application/json"
                data = to_json(item) if kind.endswith("json") else text_of(item).encode()
                yield f"{head}\r\nContent-Type: {kind}", data
            else:
                yield head, text_of(item).encode()


_PLAIN: Final = _Part(schema={})


class _Gathered:
    """The fields of a form, of all its branches together; none is required by an alternative."""

    def __init__(self, inliner: Inliner) -> None:
        self._inliner = inliner
        self.properties: dict[str, Any] = {}
        self.required: list[str] = []
        self.open = False
        self._left = MAX_BRANCHES

    def add(self, schema: Any, *, required: bool, depth: int = 0) -> None:
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            self.open = True
            return
        found = self._inliner.resolve(schema)
        self.properties.update(as_object(found.get("properties")))
        self.open |= "patternProperties" in found or bool(found.get("additionalProperties"))
        if required:
            self.required += self._inliner.required(found)
        for key in _COMBINED:
            for branch in as_list(found.get(key)):
                self.add(branch, required=required and key == "allOf", depth=depth + 1)


def _part(schema: Any, encoding: Mapping[str, Any], inliner: Inliner, *, multipart: bool) -> _Part:
    resolved = inliner.resolve(schema)
    style, kind = str(encoding.get("style") or ""), _one_type(encoding.get("contentType"))
    if multipart and _is_file(resolved):
        shown = _described(FILE_SCHEMA, resolved)
        return _Part(schema=shown, file=True, content_type=kind)
    if multipart and _is_file(inliner.resolve(resolved.get("items"))):
        items = {"type": "array", "items": dict(FILE_SCHEMA)}
        return _Part(schema=_described(items, resolved), file=True, many=True, content_type=kind)
    return _Part(schema=inliner.schema(schema), style=style, content_type=kind)


def _is_file(schema: Mapping[str, Any]) -> bool:
    """As 3.0 says it, `format: binary`, or as 3.1 does, a media type without an encoding."""
    if schema.get("format") == "binary":
        return True
    return "contentMediaType" in schema and "contentEncoding" not in schema


def _described(schema: Mapping[str, Any], resolved: Mapping[str, Any]) -> dict[str, Any]:
    texts = [str(found.get("description") or "").strip() for found in (resolved, schema)]
    return {**schema, "description": " ".join(filter(None, texts))[:1000]}


def _one_type(declared: object) -> str:
    """A media type to send, where the document names just one."""
    kind = str(declared or "").strip()
    return "" if "," in kind or "*" in kind or not kind.isprintable() else kind


def _file_head(head: str, file: File, part: _Part) -> str:
    name = (file.name or "file").translate(_ESCAPES)
    kind = part.content_type or file.content_type
    return f'{head}; filename="{name}"\r\nContent-Type: {kind}'


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list)


def _plain(name: str, value: Any) -> Sequence[tuple[str, str]]:
    return [(name, text_of(value))]
