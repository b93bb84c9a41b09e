"""Secrets a tool is given: readable by name, shown and stored by nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

from majordomo.llm.scrub import Scrubber

__all__ = ["Secrets"]


class Secrets(Mapping[str, str]):
    """Values by name. `repr` shows the names; values are not pickled.

    Args:
        values: The secrets.
        scrubber: Learns these values, and takes all it knows out of texts; one that knows nothing
            else by default.

    Example:
        >>> Secrets({"github": "ghp_c4n4ry"})
        Secrets('github')
    """

    __slots__ = ("_scrubber", "_values")

    def __init__(
        self, values: Mapping[str, str] | None = None, *, scrubber: Scrubber | None = None
    ) -> None:
        self._values = dict(values or {})
        self._scrubber = Scrubber() if scrubber is None else scrubber
        for name, value in self._values.items():
            self._scrubber.add(name, value)

    def __getitem__(self, name: str) -> str:
        if name not in self._values:
            known = ", ".join(self._values) or "none"
            raise KeyError(
                f"this tool was given no secret {name!r} (given: {known}); its policy must name it"
            )
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(map(repr, self._values))})"

    def __reduce__(self) -> tuple[type[Secrets], tuple[()]]:
        if self._values:
            raise TypeError("secrets are not pickled; fetch them where they are needed")
        return Secrets, ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    @property
    def guards(self) -> bool:
        """Whether there is anything to take out of texts."""
        return bool(self._scrubber)

    def scrub(self, text: str) -> str:
        """The text with each known secret replaced by `[secret NAME]`; see `Scrubber`."""
        return self._scrubber.scrub(text)
