"""Words of models made harmless: they are cut, steer no terminal, and mark nothing up."""

from __future__ import annotations

import re
from string import punctuation

from executus.printable import printable

__all__ = ["markdown", "plain"]

_MARKS = re.compile(f"([{re.escape(punctuation)}])")
_SPACES = re.compile(r"\s+")


def plain(text: str, max_chars: int) -> str:
    """The text with at most so many characters, in none that moves or reorders others."""
    clean = printable(text.encode("utf-8", "replace").decode().replace("\r\n", "\n")).strip()
    return clean if len(clean) <= max_chars else f"{clean[: max_chars - 1]}…"


def markdown(text: str, max_chars: int) -> str:
    """The text on one line, in which nothing is markup, a link, an image, a tag or a mention.

    A picture in a comment is fetched from where its address says, with what that address holds; so
    a model that was talked into it could send away what it read.
    """
    one_line = _SPACES.sub(" ", plain(text, max_chars))
    return _MARKS.sub(r"\\\1", one_line).replace("@", "@\u200b")
