"""Reads a Python function as a tool: its parameters, their descriptions, its validator."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Annotated, Any, NotRequired, Required, cast, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

from majordomo.errors import ToolDefinitionError
from majordomo.llm.schema import without_titles
from majordomo.llm.toolcontext import ToolContext

__all__ = ["Signature"]

_SECTION = re.compile(r"^\s*(Args|Arguments|Parameters|Params)\s*:\s*$")
_OTHER_SECTION = re.compile(
    r"^\s*(Attributes|Examples?|Notes?|Raises|References|Returns?|See Also|Todo|Warnings?|Warns"
    r"|Yields?)\s*:\s*$"
)
_ENTRY = re.compile(r"^(\s*)\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_OTHER_FIELD = re.compile(r"^\s*:(returns?|rtype|raises?|type|yields?)\b[^:]*:")
_SPHINX = re.compile(r"^\s*:param\s+(?:[^:]*\s)?(\w+)\s*:\s*(.*)$")


class Signature:
    """What a model must know and send to call `fn`.

    Attributes:
        takes_context: The first parameter is a `ToolContext` and is not the model's business.
        description: The docstring up to its first section.

    Raises:
        ToolDefinitionError: A parameter has no annotation, cannot be described in JSON, or is
            variadic; the message names it.
    """

    def __init__(self, fn: Callable[..., Any], name: str) -> None:
        self._name = name
        parameters, self.takes_context = _parameters(fn, name)
        doc = inspect.getdoc(_described(fn)) or ""
        self.description, described = _read_docstring(doc)
        self._fields = {p.name: _field(p, described.get(p.name)) for p in parameters}
        self._adapter: TypeAdapter[dict[str, Any]] | None = None

    @property
    def adapter(self) -> TypeAdapter[dict[str, Any]]:
        """The validator, built on first use: most tools of a large set are never called."""
        if self._adapter is None:
            self._adapter = self._build()
        return self._adapter

    def _build(self) -> TypeAdapter[dict[str, Any]]:
        # A TypedDict: it validates straight from JSON text, and a missing optional key leaves the
        # function's own default in force.
        arguments = TypedDict("Arguments", self._fields)  # pyright: ignore[reportArgumentType, reportGeneralTypeIssues]
        arguments.__pydantic_config__ = ConfigDict(extra="forbid")  # pyright: ignore[reportAttributeAccessIssue]
        try:
            return cast("TypeAdapter[dict[str, Any]]", TypeAdapter[Any](arguments))
        except PydanticUserError as error:
            raise ToolDefinitionError(
                f"tool {self._name!r}: {str(error).splitlines()[0]}; "
                "annotate its parameters with types JSON can carry"
            ) from error

    def schema(self) -> dict[str, Any]:
        """The parameters as JSON Schema, an object at the root."""
        if not self._fields:
            return {"type": "object", "properties": {}, "additionalProperties": False}
        try:
            schema = without_titles(self.adapter.json_schema())
        except PydanticInvalidForJsonSchema as error:
            raise ToolDefinitionError(
                f"tool {self._name!r}: {str(error).splitlines()[0]}"
            ) from error
        schema.pop("description", None)
        return schema


def _parameters(fn: Callable[..., Any], name: str) -> tuple[list[inspect.Parameter], bool]:
    """The model's parameters with resolved annotations, and whether a context precedes them."""
    try:
        hints = get_type_hints(_described(fn), include_extras=True)
    except NameError as error:
        raise ToolDefinitionError(
            f"tool {name!r}: an annotation names {error.name!r}, which its module does not define"
        ) from error
    parameters = list(inspect.signature(fn).parameters.values())
    takes_context = bool(parameters) and _is_context(hints.get(parameters[0].name))
    resolved: list[inspect.Parameter] = []
    for p in parameters[1 if takes_context else 0 :]:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            raise ToolDefinitionError(
                f"tool {name!r}: *{p.name} cannot be offered to a model; name each parameter"
            )
        if p.kind is p.POSITIONAL_ONLY:
            raise ToolDefinitionError(
                f"tool {name!r}: parameter {p.name!r} is positional-only; models pass names"
            )
        if p.name not in hints:
            raise ToolDefinitionError(
                f"tool {name!r}: parameter {p.name!r} has no type; annotate it, as in {p.name}: str"
            )
        if _is_context(hints[p.name]):
            raise ToolDefinitionError(
                f"tool {name!r}: the ToolContext must be the first parameter, not {p.name!r}"
            )
        resolved.append(p.replace(annotation=hints[p.name]))
    return resolved, takes_context


def _is_context(hint: object) -> bool:
    return hint is ToolContext or get_origin(hint) is ToolContext


def _field(parameter: inspect.Parameter, description: str | None) -> Any:
    hint = parameter.annotation
    extras: list[object] = []
    if description and not _has_description(hint):
        extras.append(Field(description=description))
    optional = parameter.default is not inspect.Parameter.empty
    if optional and _is_json_default(parameter.default):
        extras.append(Field(json_schema_extra={"default": parameter.default}))
    for extra in extras:
        hint = Annotated[hint, extra]
    return NotRequired[hint] if optional else Required[hint]


def _is_json_default(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _has_description(hint: object) -> bool:
    metadata = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return any(isinstance(m, FieldInfo) and m.description for m in metadata)


def _described(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function that carries the annotations: partials and callable objects have none."""
    while isinstance(fn, functools.partial):
        fn = cast("functools.partial[Any]", fn).func
    return fn if inspect.isroutine(fn) or inspect.isclass(fn) else type(fn).__call__


def _read_docstring(doc: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into its prose and its described parameters (Google or Sphinx form)."""
    reader = _DocstringReader()
    for line in doc.splitlines():
        if _OTHER_SECTION.match(line):
            break
        reader.read(line)
    return "\n".join(reader.prose).strip(), {k: v for k, v in reader.described.items() if v}


class _DocstringReader:
    """Reads line by line; knows whether it is in prose, an Args section or a Sphinx field."""

    def __init__(self) -> None:
        self.prose: list[str] = []
        self.described: dict[str, str] = {}
        self._read_rest = self._prose
        self._name = ""
        self._indent = -1

    def read(self, line: str) -> None:
        if _SECTION.match(line):
            self._read_rest, self._name, self._indent = self._google, "", -1
        elif field := _SPHINX.match(line):
            self._read_rest, self._name = self._sphinx, field[1]
            self.described[self._name] = field[2].strip()
        elif _OTHER_FIELD.match(line):
            self._read_rest, self._name = self._sphinx, ""
        else:
            self._read_rest(line)

    def _prose(self, line: str) -> None:
        self.prose.append(line)

    def _google(self, line: str) -> None:
        entry = _ENTRY.match(line)
        if entry and (self._indent < 0 or len(entry[1]) <= self._indent):
            self._name, self._indent = entry[2], len(entry[1])
            self.described[self._name] = entry[3].strip()
        else:
            self._continue(line)

    def _sphinx(self, line: str) -> None:
        if line.strip() and not line[0].isspace():
            self._read_rest = self._prose
            self._prose(line)
        else:
            self._continue(line)

    def _continue(self, line: str) -> None:
        if self._name and line.strip():
            self.described[self._name] += " " + line.strip()
