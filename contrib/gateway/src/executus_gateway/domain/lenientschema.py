"""JSON Schema as far as it can be held for certain: what cannot be judged here fits.

The source judges in the end. A call that it would have taken must never be refused, so a keyword is
left out where it is not checked in full and its doubt would turn into a no (`not`, `if`), where
services do not mean what it says (exactly one of `oneOf`), and where it is a program that may run
for ever (`pattern`). A part that is no schema counts for nothing, the rest still does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, Final, TypeAlias, cast

import jsonschema
from jsonschema import Draft202012Validator
from jsonschema.exceptions import UndefinedTypeCheck, UnknownType, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

__all__ = ["misfits"]

MAX_STEPS = 100_000
"""Keywords looked at for one value: references that refer to each other can make endless ones."""

# What the validator raises over schemas that are none; it does not look before it uses them.
_UNUSABLE = (
    *(UndefinedTypeCheck, UnknownType, Unresolvable),
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
)

_JSONSCHEMA: Any = jsonschema  # some of its functions have no types
_Keyword: TypeAlias = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]
_left: ContextVar[list[int]] = ContextVar("left")


class _TooLong(Exception):
    """There is more to look at than there is time for."""


def misfits(schema: Mapping[str, Any], value: Any, most: int) -> list[ValidationError]:
    """What of a value does not fit for certain, in the order it is found, at most so many.

    Args:
        schema: Self-contained: a reference out of it is never fetched.
        value: A JSON value.
        most: How many are enough.
    """
    # Without a registry of its own the validator would fetch foreign references by itself.
    registry: Registry[Any] = Registry()
    token = _left.set([MAX_STEPS])
    found: list[ValidationError] = []
    try:
        for error in _VALIDATOR(dict(schema), registry=registry).iter_errors(value):
            found.append(_nearest(error))
            if len(found) == most:
                break
    except (_TooLong, RecursionError, *_UNUSABLE):
        pass  # what was found until then is so all the same
    finally:
        _left.reset(token)
    return found


def _nearest(error: ValidationError) -> ValidationError:
    """Of alternatives that are not met, what is wrong with the one that nearly is."""
    if not error.context:
        return error
    try:
        return _JSONSCHEMA.exceptions.best_match([error]) or error
    except _UNUSABLE:
        return error


def _counted(check: _Keyword) -> _Keyword:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        left = _left.get()
        left[0] -= 1
        if left[0] < 0:
            raise _TooLong
        try:
            yield from check(validator, value, instance, schema) or ()
        except _UNUSABLE:
            return

    return counted


def _ignored(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[ValidationError]:
    del validator, value, instance, schema
    return ()


def _only(kind: type | tuple[type, ...], keyword: str) -> _Keyword:
    """A keyword of the draft, where its value is of the kind the draft wants."""
    check = _KNOWN[keyword]

    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, kind):
            return ()
        return check(validator, value, instance, schema)

    return checked


def _type(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
    if instance is None and schema.get("nullable") is True:  # OpenAPI's word, and others'
        return ()
    return _KNOWN["type"](validator, value, instance, schema)


def _additional(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
    if "patternProperties" in schema:
        return ()
    return _KNOWN["additionalProperties"](validator, value, instance, schema)


def _not(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
    if not isinstance(value, dict) or not value.keys() <= _CERTAIN:
        return ()
    return _KNOWN["not"](validator, value, instance, schema)


def _contains(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
    if "maxContains" in schema:
        return ()
    return _KNOWN["contains"](validator, value, instance, schema)


def _multiple(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
    """0.3 is a multiple of 0.1, though not to the last binary digit."""
    if isinstance(instance, float) or isinstance(value, float):
        quotient = instance / value
        if abs(quotient - round(quotient)) < 1e-6:
            return ()
    return _KNOWN["multipleOf"](validator, value, instance, schema)


_KNOWN: Final = cast("Mapping[str, _Keyword]", Draft202012Validator.VALIDATORS)
_CERTAIN: Final = frozenset({"enum", "const", "type", "required"})
_NUMBER: Final = (int, float)
_OURS: Final[Mapping[str, _Keyword]] = {
    **dict.fromkeys(
        (
            *("pattern", "patternProperties", "unevaluatedProperties", "unevaluatedItems"),
            *("if", "format", "$dynamicRef"),
        ),
        _ignored,
    ),
    **{keyword: _only(list, keyword) for keyword in ("required", "enum", "allOf", "anyOf")},
    **{
        keyword: _only(_NUMBER, keyword)
        for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    },
    "oneOf": _only(list, "anyOf"),
    "type": _type,
    "additionalProperties": _additional,
    "not": _not,
    "contains": _contains,
    "multipleOf": _multiple,
}
_VALIDATOR: Any = _JSONSCHEMA.validators.extend(
    Draft202012Validator,
    {keyword: _counted(check) for keyword, check in {**_KNOWN, **_OURS}.items()},
)
