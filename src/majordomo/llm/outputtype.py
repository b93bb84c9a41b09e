"""The type an answer must have: its schema for the model, and the way from text to a value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from pydantic import TypeAdapter
from pydantic_core import ValidationError, from_json
from typing_extensions import TypedDict, TypeForm

from majordomo.llm.request import OutputSchema
from majordomo.llm.schema import schema_for
from majordomo.llm.tool import explain_validation

__all__ = ["OutputMismatch", "OutputType"]

T = TypeVar("T")

WRAPPER = "value"
"""The one property that holds an answer whose own schema is not an object."""

_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)```", re.DOTALL)
_START = re.compile(r"[{\[]")
_MAX_STARTS = 50  # a text with more brackets than this that start no JSON is not an answer
_DECODER = json.JSONDecoder()


class OutputMismatch(ValueError):
    """An answer is not of the asked type; the message is written for the model."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is built once per type: building validators costs milliseconds.

    Attributes:
        schema: For the request.
        adapter: Of the type, or of its wrapper.
        bare: Of the type itself when it is wrapped: models forget the wrapper.
    """

    schema: OutputSchema
    adapter: TypeAdapter[Any]
    bare: TypeAdapter[Any] | None


class OutputType(Generic[T]):
    """A Python type as the answer of a model.

    Args:
        tp: A pydantic model, dataclass, TypedDict, enum, scalar, list, union, `Annotated[…]`;
            `str` itself means plain text, without a schema.
        name: Name of the schema on the wire; characters other than `[A-Za-z0-9_-]` become `_`, and
            it is cut at 64. The type's own name by default.

    Raises:
        ConfigError: The type has no JSON Schema of bounded depth.
    """

    __slots__ = ("_plan",)

    def __init__(self, tp: TypeForm[T], *, name: str | None = None) -> None:
        self._plan: _Plan | None = None
        if tp is not str:
            try:
                self._plan = _cached_plan(tp, name)
            except TypeError:  # unhashable metadata in an Annotated type
                self._plan = _make_plan(tp, name)

    @property
    def schema(self) -> OutputSchema | None:
        """For `Request.output`, with an object at its root; None for plain text."""
        return self._plan.schema if self._plan else None

    def parse(self, text: str) -> T:
        """Read an answer.

        Code fences and prose around the JSON are ignored.

        Raises:
            OutputMismatch: It holds no JSON, or JSON that does not fit the type.
        """
        if self._plan is None:
            return cast("T", text)
        fault = ""
        for candidate in _candidates(text):
            try:
                return self._validate(self._plan, candidate)
            except ValidationError as error:
                # The first candidate that is JSON is what the model meant.
                if not _is_syntax(error):
                    fault = fault or explain_validation(error)
        raise OutputMismatch(fault or _no_json(text))

    def _validate(self, plan: _Plan, text: str) -> T:
        try:
            found = plan.adapter.validate_json(text)
        except ValidationError:
            if plan.bare is None or _is_wrapped(text):
                raise
            return cast("T", plan.bare.validate_json(text))
        return cast("T", found if plan.bare is None else found[WRAPPER])

    def parse_partial(self, text: str) -> T | None:
        """Read the beginning of an answer.

        Returns:
            What is valid so far, its last text perhaps incomplete; None while nothing is.
        """
        plan = self._plan
        if plan is None:
            return cast("T", text) if text else None
        start = _START.search(text)
        if start is None:
            return None
        try:
            found = plan.adapter.validate_json(
                text[start.start() :], experimental_allow_partial="trailing-strings"
            )
        except ValidationError:
            return None
        if plan.bare is None:
            return cast("T", found)
        return cast("T | None", found.get(WRAPPER))


def _make_plan(tp: Any, name: str | None) -> _Plan:
    found = schema_for(tp)
    adapter = bare = TypeAdapter[Any](tp)
    named = re.sub(r"[^A-Za-z0-9_-]", "_", name or getattr(tp, "__name__", ""))[:64] or "answer"
    if found.schema.get("type") == "object":
        bare = None
    else:
        wrapper = TypedDict("Answer", {WRAPPER: tp})  # pyright: ignore[reportGeneralTypeIssues]
        found, adapter = schema_for(wrapper), TypeAdapter[Any](wrapper)
    schema = OutputSchema(
        name=named,
        schema=found.schema,
        description=str(found.schema.get("description", "")),
        strict=found.strict,
    )
    return _Plan(schema, adapter, bare)


_cached_plan = lru_cache(maxsize=256, typed=True)(_make_plan)


def _candidates(text: str) -> Iterator[str]:
    """Where the JSON may be: the whole text, a code fence, the first value inside the prose."""
    yield text.strip()
    yield from (fenced.strip() for fenced in _FENCE.findall(text))
    end = 0
    for count, start in enumerate(_START.finditer(text)):
        if count >= _MAX_STARTS:
            return
        if start.start() < end:
            continue  # inside a value that was tried already
        try:
            _, end = _DECODER.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            continue
        yield text[start.start() : end]


def _is_syntax(error: ValidationError) -> bool:
    return any(fault["type"] == "json_invalid" for fault in error.errors(include_url=False))


def _is_wrapped(text: str) -> bool:
    try:
        found: object = from_json(text)
    except ValueError:
        return False
    return isinstance(found, dict) and WRAPPER in found


def _no_json(text: str) -> str:
    if not text.strip():
        return "the answer is empty; give one JSON value"
    try:
        from_json(text)
    except ValueError as error:
        return f"the answer is not valid JSON ({error})"
    return "the answer holds no JSON value"
