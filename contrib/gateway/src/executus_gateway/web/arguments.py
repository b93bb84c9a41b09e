"""The arguments of a call as whoever allows it must see them: one by one, all, and exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import from_json

from executus_gateway.web.words import pretty

__all__ = ["Argument", "Shown", "shown_arguments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One of them.

    Attributes:
        name: Its name.
        shown: All of it: JSON, or a text of several lines as it is.
    """

    name: str
    shown: str

    @property
    def lines(self) -> int:
        """Lines of what is shown."""
        return self.shown.count("\n") + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All arguments.

    Attributes:
        arguments: In order; none when the call has none.
        cut: Of a call whose arguments were too long to be kept: what is known of their JSON text.
    """

    arguments: Sequence[Argument] = ()
    cut: str = ""


def shown_arguments(text: str) -> Shown:
    """The arguments in a call's record.

    Args:
        text: JSON text of an object, perhaps cut.
    """
    try:
        found: Any = from_json(text)
    except ValueError:
        return Shown(cut=text)
    if not isinstance(found, dict):
        return Shown(arguments=(Argument(name="", shown=pretty(found)),))
    named = cast("dict[str, Any]", found)
    return Shown(arguments=tuple(_argument(name, value) for name, value in named.items()))


def _argument(name: str, value: Any) -> Argument:
    """A text of several lines is shown as one; any other in quotes, lest it seem a number."""
    lines = isinstance(value, str) and "\n" in value
    return Argument(name=name, shown=value if lines else pretty(value))
