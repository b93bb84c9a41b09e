"""Where text may be cut without taking apart what people see as one character.

The rules of Unicode's UAX #29 that matter in practice: line ends, combining marks, variation
selectors, emoji of several code points, flags and Hangul syllables. Conjuncts of Indic scripts are
not kept together.
"""

from __future__ import annotations

import unicodedata

__all__ = ["is_boundary"]

_JOINER = "\u200d"
_MARKS = frozenset(("Mn", "Mc", "Me"))
_MOST_FLAGS = 256  # regional indicators looked back at; so many in a row mean nothing


def is_boundary(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` keeps the characters around it whole."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before < "\u0300" and after < "\u0300":
        return not (before == "\r" and after == "\n")
    return not (
        before == _JOINER
        or _extends(after)
        or _joins_hangul(before, after)
        or (_is_flag(before) and _is_flag(after) and _halves_a_flag(text, at))
    )


def _extends(character: str) -> bool:
    """Whether it is drawn on the character before it."""
    return (
        character in "\u200c\u200d\uff9e\uff9f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags, in flags of regions
        or unicodedata.category(character) in _MARKS
    )


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _halves_a_flag(text: str, at: int) -> bool:
    """A flag is a pair of regional indicators, counted from where their row begins."""
    start = at
    while start > max(0, at - _MOST_FLAGS) and _is_flag(text[start - 1]):
        start -= 1
    return (at - start) % 2 == 1


def _joins_hangul(before: str, after: str) -> bool:
    """Leading consonants, vowels and trailing consonants make one syllable, composed or not."""
    vowel = "\u1160" <= after <= "\u11a7"
    trailing = "\u11a8" <= after <= "\u11ff"
    syllable = "\uac00" <= after <= "\ud7a3"
    if "\u1100" <= before <= "\u115f":
        return "\u1100" <= after <= "\u115f" or vowel or syllable
    if "\uac00" <= before <= "\ud7a3":
        return trailing or (vowel and (ord(before) - 0xAC00) % 28 == 0)
    if "\u1160" <= before <= "\u11a7":
        return vowel or trailing
    return "\u11a8" <= before <= "\u11ff" and trailing
