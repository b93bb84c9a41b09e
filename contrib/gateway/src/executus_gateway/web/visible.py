"""Text whose every character can be seen: what hides, moves or reorders others is told by code."""

from __future__ import annotations

from unicodedata import category

__all__ = ["visible"]

_SEEN = frozenset("\n\t")
_SELECTORS = range(0xE0100, 0xE01F0)
"""Variation selectors for rare ideographs: marks by category, but they can spell hidden text."""


def visible(text: str) -> str:
    r"""The text with `⟨U+…⟩` for each control, mark of direction, or sign without a width.

    Line feeds, tabs and spaces of all widths stay. So do letters that look like others.

    Example:
        >>> visible("pay \u202e001\x1b[2J")
        'pay ⟨U+202E⟩001⟨U+001B⟩[2J'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _is_seen(character) else _told(character) for character in text)


def _is_seen(character: str) -> bool:
    if character in _SEEN:
        return True
    if ord(character) in _SELECTORS:
        return False
    return character.isprintable() or category(character) == "Zs"


def _told(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"
