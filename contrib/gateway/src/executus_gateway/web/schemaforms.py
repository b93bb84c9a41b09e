"""Inputs for the values a JSON Schema describes, and the values from what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, cast

from pydantic_core import from_json, to_json

from executus_gateway.domain import MisfitArguments, check

__all__ = ["Choice", "Input", "inputs_of", "values_of"]

Look: TypeAlias = Literal["line", "text", "number", "choice", "choices", "lines", "json"]

LONG_CHARS = 200
_TYPES: Final = {"email": "email", "uri": "url", "date": "date"}
_NUMBERS: Final = {"integer", "number"}
_BOUNDS: Final = {
    "line": {"minLength": "minlength", "maxLength": "maxlength"},
    "text": {"minLength": "minlength", "maxLength": "maxlength"},
    "number": {"minimum": "min", "maximum": "max"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several values.

    Attributes:
        value: Its JSON text.
        label: What a person reads.
        chosen: Whether it is the schema's default.
    """

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One field of a form.

    Attributes:
        name: The property.
        label: Its title, or its name.
        hint: Its description.
        look: What it is drawn as; `lines` is a list of texts, one a line.
        type: Of an HTML input of one line.
        required: Whether it must be filled in.
        value: Its default as text.
        choices: For `choice` and `choices`.
        bounds: HTML attributes that hold what is typed, by name.
    """

    name: str
    label: str
    hint: str = ""
    look: Look = "line"
    type: str = "text"
    required: bool = False
    value: str = ""
    choices: Sequence[Choice] = ()
    bounds: Mapping[str, str] = field(default_factory=dict[str, str])


def inputs_of(schema: Mapping[str, Any] | None) -> list[Input]:
    """An input per property of an object's schema, in its order.

    Example:
        >>> [(one.name, one.look) for one in inputs_of({"properties": {"n": {"type": "integer"}}})]
        [('n', 'number')]
    """
    found = schema or {}
    required: Sequence[str] = found.get("required") or ()
    return [
        _input(name, _object(about), required=name in required)
        for name, about in _object(found.get("properties")).items()
    ]


def values_of(
    schema: Mapping[str, Any] | None, typed: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """What was typed, as values that fit the schema; what was left empty is left out.

    Args:
        schema: Of the form.
        typed: Texts by property, as the inputs of `inputs_of` send them.

    Raises:
        MisfitArguments: It does not fit; the sentence says where.
    """
    values: dict[str, Any] = {}
    for one in inputs_of(schema):
        texts = [text for text in typed.get(one.name, ()) if text]
        if texts:
            values[one.name] = _value(one, texts)
    check({"type": "object", **(schema or {})}, values)
    return values


def _input(name: str, about: Mapping[str, Any], *, required: bool) -> Input:
    look = _look(about)
    bounds = {html: str(about[key]) for key, html in _BOUNDS.get(look, {}).items() if key in about}
    if look == "number":
        bounds["step"] = "1" if _type(about) == "integer" else "any"
    listed = _object(about.get("items")) if look == "choices" else about
    return Input(
        name=name,
        label=str(about.get("title") or name),
        hint=str(about.get("description") or ""),
        look=look,
        type="number" if look == "number" else _TYPES.get(str(about.get("format")), "text"),
        required=required,
        value=_default(look, about),
        choices=_choices(listed, about.get("default")) if look in {"choice", "choices"} else (),
        bounds=bounds,
    )


def _look(about: Mapping[str, Any]) -> Look:
    kind = _type(about)
    if _constants(about):
        return "choice"
    if kind in _NUMBERS:
        return "number"
    if kind == "string":
        long = about.get("format") == "textarea" or (about.get("maxLength") or 0) > LONG_CHARS
        return "text" if long else "line"
    if kind == "array":
        items = _object(about.get("items"))
        if _constants(items):
            return "choices"
        return "lines" if _type(items) == "string" else "json"
    return "json"


def _type(about: Mapping[str, Any]) -> str:
    kind: Any = about.get("type")
    if isinstance(kind, list):
        kind = next((one for one in cast("list[Any]", kind) if one != "null"), None)
    return str(kind)


def _constants(about: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """The values a schema is a choice of, each with what a person reads."""
    if _type(about) == "boolean":
        return [(True, "Yes"), (False, "No")]
    listed: Any = about.get("enum")
    if isinstance(listed, list):
        return [(value, _plain(value)) for value in cast("list[Any]", listed)]
    offered: Any = about.get("oneOf") or about.get("anyOf")
    options = [_object(one) for one in cast("list[Any]", offered or ())]
    if options and all("const" in one for one in options):
        return [(one["const"], str(one.get("title") or _plain(one["const"]))) for one in options]
    return []


def _choices(about: Mapping[str, Any], default: Any) -> list[Choice]:
    chosen = cast("list[Any]", default) if isinstance(default, list) else [default]
    return [
        Choice(value=to_json(value).decode(), label=label, chosen=value in chosen)
        for value, label in _constants(about)
    ]


def _default(look: Look, about: Mapping[str, Any]) -> str:
    default: Any = about.get("default")
    if default is None or look in {"choice", "choices"}:
        return ""
    if look == "lines" and isinstance(default, list):
        return "\n".join(map(str, cast("list[Any]", default)))
    return to_json(default).decode() if look == "json" else str(default)


def _value(one: Input, texts: Sequence[str]) -> Any:
    match one.look:
        case "line" | "text":
            return texts[0]
        case "lines":
            return [line for line in texts[0].splitlines() if line.strip()]
        case "choices":
            return [_parsed(one, text) for text in texts]
        case "number" | "choice" | "json":
            return _parsed(one, texts[0])


def _parsed(one: Input, text: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        wanted = "a number" if one.look == "number" else "JSON"
        raise MisfitArguments(f"{one.label}: this is not {wanted}") from None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value).decode()


def _object(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
