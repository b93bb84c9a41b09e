"""Text that cannot steer a terminal: what models, tools and servers say is not trusted."""

from __future__ import annotations

__all__ = ["printable"]

_CONTROLS = (*range(32), *range(127, 160))
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SEPARATORS = (0x2028, 0x2029)
_SHOWN = {code: "�" for code in (*_CONTROLS, *_DIRECTIONS, *_SEPARATORS) if chr(code) not in "\n\t"}


def printable(text: str) -> str:
    r"""The text with a replacement for every character that moves, colours or reorders others.

    Line feeds and tabs stay; carriage returns, escapes and marks of direction do not.

    Example:
        >>> printable("safe \x1b[2J text")
        'safe �[2J text'
    """
    return text.translate(_SHOWN)
