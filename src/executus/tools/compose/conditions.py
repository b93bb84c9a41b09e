"""Conditions on the items of a pipeline's step: a field, a comparison, a value."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Annotated, Any, Literal, NotRequired, cast

from pydantic import Field
from typing_extensions import TypedDict

from executus.tools.compose.references import as_text, field_of
from majordomo.llm import BadArguments

__all__ = ["Condition", "holds"]


class Condition(TypedDict):
    """Which items are kept."""

    field: NotRequired[
        Annotated[str, Field(description="Field of the item, as a.b; left out: the item itself.")]
    ]
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "contains", "exists"]
    value: NotRequired[Annotated[Any, Field(description="What it is compared with.")]]


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def holds(condition: Condition, item: Any) -> bool:
    """Whether an item meets a condition. One without the field meets only `ne`.

    Raises:
        BadArguments: The two cannot be compared.
    """
    op, wanted = condition["op"], condition.get("value")
    try:
        found = _found(condition.get("field", ""), item)
    except BadArguments:
        return op == "ne"
    match op:
        case "exists":
            return found is not None
        case "eq":
            return found == wanted
        case "ne":
            return found != wanted
        case "contains":
            return _contains(found, wanted)
        case _:
            return _ordered(op, found, wanted)


def _found(path: str, item: Any) -> Any:
    for step in path.split(".") if path else ():
        item = field_of(item, step, path)
    return item


def _contains(found: Any, wanted: Any) -> bool:
    if isinstance(found, list):
        return wanted in cast("list[Any]", found)
    if isinstance(found, dict):
        return wanted in cast("dict[Any, Any]", found)
    return as_text(wanted).lower() in as_text(found).lower()


def _ordered(op: str, found: Any, wanted: Any) -> bool:
    """By number where both are numbers, or texts of numbers; else as texts."""
    try:
        return _ORDER[op](float(found), float(wanted))
    except (TypeError, ValueError):
        pass
    if isinstance(found, str) and isinstance(wanted, str):
        return _ORDER[op](found, wanted)
    raise BadArguments(f"{as_text(found)[:40]} and {as_text(wanted)[:40]} cannot be ordered")
