"""A tally: whole amounts by moment, and quickly what they come to after any moment."""

from __future__ import annotations

__all__ = ["Tally"]

_BITS = 6
_SIBLINGS = (1 << _BITS) - 1
_LEVELS = 8


class Tally:
    """Sums of amounts over spans of time, each 64 times as long as those of the level below.

    What lies after a moment is the later siblings of the spans that hold the moment: at most 63 on
    each level but the highest, whose spans are 51 days long. Both methods take as long however
    many amounts there are, in whatever order they come; the levels begin at one microsecond, so
    nothing is ever cut within a span.

    Example:
        >>> tally = Tally()
        >>> tally.add(10, 3)
        >>> tally.add(11, 4)
        >>> tally.after(9), tally.after(10), tally.after(11)
        (7, 4, 0)
    """

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: tuple[dict[int, int], ...] = tuple({} for _ in range(_LEVELS))

    def __bool__(self) -> bool:
        """Whether anything is left of what was added."""
        return any(self._levels)

    def add(self, moment_us: int, amount: int) -> None:
        """Add an amount at a moment; a negative one takes back what was added there.

        Args:
            moment_us: Microseconds since 1970 in UTC; may be earlier than what was added before.
            amount: Whole units.
        """
        for level, sums in enumerate(self._levels):
            span = moment_us >> _BITS * level
            if total := sums.get(span, 0) + amount:
                sums[span] = total
            else:
                sums.pop(span, None)

    def after(self, moment_us: int) -> int:
        """What was added later than a moment; what was added at the moment itself is left out."""
        *lower, highest = self._levels
        span = moment_us >> _BITS * len(lower)
        total = sum(amount for later, amount in highest.items() if later > span)
        for level, sums in enumerate(lower):
            span = moment_us >> _BITS * level
            siblings = range(span + 1, (span | _SIBLINGS) + 1)
            total += sum(sums[later] for later in siblings if later in sums)
        return total
