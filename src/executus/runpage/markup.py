"""Elements of a page: text is made harmless unless it is markup already."""

from __future__ import annotations

import html

from executus.printable import printable

__all__ = ["Markup", "join", "tag"]

_EMPTY = frozenset({"meta", "br"})


class Markup(str):
    """Text that is markup, and is put into a page as it is."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: object) -> Markup:
    """An element.

    Args:
        name: Of the element.
        children: What it holds; what is no `Markup` is escaped.
        attributes: Their names with `_` for `-`, and one `_` behind a Python keyword. What is None
            or False is left out, True stands alone.

    Example:
        >>> tag("p", "1 < 2", tag("b", "!"), class_="x", id=None)
        '<p class="x">1 &lt; 2<b>!</b></p>'
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{_text(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _EMPTY:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(*children)}</{name}>")


def join(*parts: str) -> Markup:
    """Several parts as one; what is no `Markup` is escaped."""
    return Markup("".join(part if isinstance(part, Markup) else _text(part) for part in parts))


def _text(value: object) -> str:
    text = str(value).encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    return html.escape(printable(text))
