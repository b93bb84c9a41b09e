"""The body of a request: JSON, a form, parts of which may be files, or a file. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, cast

from pydantic_core import to_json

from executus_gateway.domain import FILE_SCHEMA, MisfitArguments
from executus_gateway.ports import File
from executus_gateway.sources.jsonobjects import as_object
from executus_gateway.sources.openapi.forms import Form
from executus_gateway.sources.openapi.inlining import Inliner

__all__ = ["Body"]

_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_PREFERRED: Final = ("application/json", _URLENCODED, _MULTIPART, "text/plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The argument `body`.

    Attributes:
        kind: Its media type, as declared.
        required: Whether a call must give it.
        schema: Of its value.
        form: How it is written, when it is a form.
    """

    kind: str
    required: bool
    schema: Any
    form: Form | None = None

    @classmethod
    def declared(cls, declared: Mapping[str, Any], inliner: Inliner) -> Self | None:
        """From a document's request body; None when there is none."""
        content = {str(kind): as_object(value) for kind, value in _content(declared).items()}
        if not content:
            return None
        kind = _chosen(list(content))
        required = declared.get("required") is True
        media = content[kind]
        if _bare(kind) in {_URLENCODED, _MULTIPART}:
            form = Form.declared(media, inliner, multipart=_bare(kind) == _MULTIPART)
            return cls(kind=_bare(kind), required=required, schema=form.schema, form=form)
        if _is_json(kind) or (_bare(kind) == "*/*" and "schema" in media):
            schema = inliner.schema(media.get("schema") or {})
            sent = kind if _is_json(kind) else "application/json"
            return cls(kind=sent, required=required, schema=schema)
        return cls(kind=kind, required=required, schema={**FILE_SCHEMA, "contentMediaType": kind})

    @property
    def files(self) -> tuple[tuple[str, ...], ...]:
        """The places in it that are files; an empty one is the whole of it."""
        if self.form is not None:
            return self.form.files
        return () if _is_json(self.kind) else ((),)

    def written(self, value: Any) -> tuple[str, bytes]:
        """Content type and bytes.

        Raises:
            MisfitArguments: The value cannot be written as this type.
        """
        if self.form is not None:
            if not isinstance(value, dict):
                raise MisfitArguments(f"body: {self.kind} is given as an object")
            return self.form.written(cast("dict[str, Any]", value))
        if isinstance(value, File):
            kind = value.content_type if "*" in self.kind else self.kind
            return kind, value.data
        return self.kind, to_json(value)


def _content(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_object(declared.get("content"))


def _chosen(kinds: list[str]) -> str:
    """The kind that is sent: one that code has as a value, before one that is a file."""
    for wanted in _PREFERRED:
        for kind in kinds:
            if _bare(kind) == wanted:
                return kind
    return next(filter(_is_json, kinds), kinds[0])


def _bare(kind: str) -> str:
    return kind.partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    bare = _bare(kind)
    return bare.endswith(("/json", "+json"))
