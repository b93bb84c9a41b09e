"""Whether arguments fit a tool, found out here: nothing is sent and nobody is asked before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, cast

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError
from pydantic_core import to_json
from referencing import Registry
from referencing.exceptions import Unresolvable

__all__ = ["MisfitArguments", "arguments_digest", "bind", "check"]

MAX_PROBLEMS = 5
MAX_MESSAGE = 300

# What the validator raises over schemas that are none; it does not look before it uses them.
_UNUSABLE = (
    SchemaError,
    UnknownType,
    Unresolvable,
    RecursionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


def _passed(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[ValidationError]:
    del validator, value, instance, schema
    return ()


def _additional(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
    if "patternProperties" in schema:
        return ()
    return Draft202012Validator.VALIDATORS["additionalProperties"](
        validator, value, instance, schema
    )


# A pattern is a foreign program that may run for ever: none of them is run.
_VALIDATORS: Any = validators  # its functions have no types
_VALIDATOR: Any = _VALIDATORS.extend(
    Draft202012Validator,
    {
        "pattern": _passed,
        "patternProperties": _passed,
        "unevaluatedProperties": _passed,
        "additionalProperties": _additional,
    },
)


class MisfitArguments(ValueError):
    """They do not fit; the sentence says how, for the model."""


def bind(
    args: Sequence[Any], kwargs: Mapping[str, Any], names: Sequence[str] = ()
) -> dict[str, Any]:
    """A call's arguments by name: named ones, or one dictionary, or both.

    Args:
        args: Positional ones.
        kwargs: Named ones.
        names: What positional ones are called, where they have an order; a source's have none.

    Raises:
        MisfitArguments: There are positional ones without a name.
    """
    if not args:
        return dict(kwargs)
    if len(args) == 1 and isinstance(args[0], Mapping):
        return {**cast("Mapping[str, Any]", args[0]), **kwargs}
    if len(args) <= len(names):
        return {**dict(zip(names, args, strict=False)), **kwargs}
    raise MisfitArguments("tools take named arguments, `name=value`, or one dictionary")


def check(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Hold arguments against a schema.

    Args:
        schema: JSON Schema of an object, self-contained: a reference out of it is never fetched.
        arguments: By name.

    Raises:
        MisfitArguments: They do not fit. A schema that cannot be used lets them through, and so do
            its patterns: the source will judge.
    """
    # Without a registry of its own the validator would fetch foreign references by itself.
    registry: Registry[Any] = Registry()
    validator = _VALIDATOR(dict(schema), registry=registry)
    try:
        errors: list[ValidationError] = list(validator.iter_errors(dict(arguments)))
    except _UNUSABLE:
        return
    if errors:
        errors.sort(key=lambda error: error.json_path)
        texts = [_told(error, schema) for error in errors[:MAX_PROBLEMS]]
        raise MisfitArguments("; ".join(texts))


def arguments_digest(arguments: Mapping[str, Any]) -> str:
    """A hash of arguments that does not depend on their order."""
    return hashlib.sha256(to_json(_sorted(arguments))).hexdigest()


def _told(error: ValidationError, schema: Mapping[str, Any]) -> str:
    where = error.json_path.removeprefix("$").removeprefix(".")
    message = error.message
    if error.validator == "additionalProperties" and not where:
        message = f"{message}{_hint(error, schema)}"
    text = f"{where}: {message}" if where else message
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 1]}…"


def _hint(error: ValidationError, schema: Mapping[str, Any]) -> str:
    known = list(cast("Mapping[str, Any]", schema.get("properties") or {}))
    given = cast("Mapping[str, Any]", error.instance)
    for name in given:
        if name not in known and (close := get_close_matches(str(name), known, 1)):
            return f"; did you mean {close[0]!r}?"
    return f"; it takes {', '.join(known[:20])}" if known else "; it takes no arguments"


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        found = cast("Mapping[str, Any]", value)
        return {key: _sorted(found[key]) for key in sorted(found)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in cast("Sequence[Any]", value)]
    return value
