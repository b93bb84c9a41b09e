"""Whether arguments fit a tool, found out here: nothing is sent and nobody is asked before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, cast

from jsonschema.exceptions import ValidationError
from pydantic_core import to_json

from executus_gateway.domain.lenientschema import misfits

__all__ = ["MisfitArguments", "arguments_digest", "bind", "check"]

MAX_PROBLEMS = 5
MAX_MESSAGE = 300


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
        MisfitArguments: They do not fit, for certain: what cannot be judged here, the source will.
    """
    errors = misfits(schema, dict(arguments), MAX_PROBLEMS)
    if errors:
        errors.sort(key=lambda error: error.json_path)
        raise MisfitArguments("; ".join(map(_told, errors)))


def arguments_digest(arguments: Mapping[str, Any]) -> str:
    """A hash of arguments that does not depend on their order."""
    return hashlib.sha256(to_json(_sorted(arguments))).hexdigest()


def _told(error: ValidationError) -> str:
    where = error.json_path.removeprefix("$").removeprefix(".")
    message = error.message
    if error.validator == "additionalProperties":
        message = f"{message}{_hint(error)}"
    text = f"{where}: {message}" if where else message
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 1]}…"


def _hint(error: ValidationError) -> str:
    schema = cast("Mapping[str, Any]", error.schema)
    known = list(cast("Mapping[str, Any]", schema.get("properties") or {}))
    given = cast("Mapping[str, Any]", error.instance)
    for name in given:
        if name not in known and (close := get_close_matches(str(name), known, 1)):
            return f"; did you mean {close[0]!r}?"
    return f"; it takes {', '.join(known[:20])}" if known else "; it takes none"


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        found = cast("Mapping[str, Any]", value)
        return {key: _sorted(found[key]) for key in sorted(found)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in cast("Sequence[Any]", value)]
    return value
