"""A block of code as it is read: its text, and the language its markup names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from executus.tools.web.htmltokens import Tag

__all__ = ["CodeBlock", "named_language"]

_LANGUAGE = re.compile(r"\b(?:lang|language|highlight-source|highlight)-([\w+#-]{1,20})")
_NO_LANGUAGE = frozenset({"default", "none", "text", "plain", "plaintext"})
_TICKS = re.compile(r"`{3,}")
_LINE_ENDS = frozenset({"br", "tr", "li", "div"})


@dataclass(slots=True)
class CodeBlock:
    """Collects one block.

    Attributes:
        language: As its fence names it; may be empty.
    """

    language: str = ""
    _parts: list[str] = field(default_factory=list[str])

    def text(self, text: str) -> None:
        """Add text as it is."""
        self._parts.append(text)

    def element(self, tag: Tag) -> None:
        """Take notice of an element that begins in it."""
        if tag.name in _LINE_ENDS and self._parts:
            self._parts.append("\n")
        elif tag.name == "code" and not self.language:
            self.language = named_language(tag)

    def fenced(self) -> str:
        """The block between fences that its text cannot end; empty when there is no text."""
        text = "".join(self._parts).replace("\r\n", "\n").removeprefix("\n").rstrip()
        if not text:
            return ""
        fence = "`" * (max(map(len, _TICKS.findall(text)), default=2) + 1)
        return f"{fence}{self.language}\n{text}\n{fence}"


def named_language(tag: Tag) -> str:
    """The programming language that the classes of an element name; empty when they do not."""
    if not tag.source or "-" not in tag.source:
        return ""
    match = _LANGUAGE.search(tag.attributes().get("class", ""))
    return match[1] if match and match[1] not in _NO_LANGUAGE else ""
