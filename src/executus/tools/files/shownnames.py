"""File names as text on one line: a name may hold anything but a slash and a zero."""

from __future__ import annotations

__all__ = ["shown_name"]


def shown_name(name: str) -> str:
    r"""A name or a path, with an escape for each character that nobody sees and each byte of none.

    Otherwise a name with a line break could pass for two, or for a line of another file.

    Example:
        >>> print(shown_name("a\n\udcffb ü"), shown_name("x\u202ey"))
        a\n\xffb ü x\u202ey
    """
    if name.isprintable():
        return name
    return "".join(char if char.isprintable() else _escaped(char) for char in name)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # how Python holds a byte that is no UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")
