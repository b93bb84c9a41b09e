"""HTML cut into tags and texts, in time linear in its length whatever it contains.

No tree is built: tree builders follow rules whose cost grows with the square of the depth, so that
a page of unclosed tags stops the process for minutes (measured on a parser in C: 200,000 nested
`<div>`, 1 MB, took 439 s). Tags end where the HTML standard's tokenizer ends them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Tag", "tokens"]

# What stands in these is text until their own end tag (the standard's RAWTEXT, RCDATA, script).
_RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
# Most tags: no < or > within, quotes in pairs. Atomic groups: no attempt is made twice.
_SIMPLE = re.compile(r"""<(/?)([a-zA-Z][^\s/>\x00<"']*+)((?:[^<>"']++|"[^"<>]*+"|'[^'<>]*+')*+)>""")
_NAME = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:(["'])|([^\s>]*)))?""")
_BLANK = re.compile(r"[\s/]*")
MAX_DIGITS = 6


@dataclass(slots=True)
class Tag:
    """A start or an end tag.

    Attributes:
        name: In lower case.
        closing: It is an end tag.
        source: What stands between the name and the end of the tag.
    """

    name: str
    closing: bool
    source: str

    def attributes(self) -> dict[str, str]:
        """Values by name in lower case, references resolved; the first of a name counts."""
        found: dict[str, str] = {}
        at = 0
        while match := _ATTRIBUTE.match(self.source, at):
            value, at = match[3] or "", match.end()
            if match[2]:
                end = self.source.find(match[2], at)
                end = len(self.source) if end < 0 else end
                value, at = self.source[at:end], end + 1
            found.setdefault(match[1].lower(), plain_text(value))
        return found

    def number(self, name: str) -> int:
        """A small whole number among the attributes; 0 for anything else."""
        text = self.attributes().get(name, "") if name in self.source else ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else 0


def tokens(source: str, *, xml: bool = False) -> Iterator[Tag | str]:
    """The tags and the texts of a page, in order; comments and declarations are left out.

    Args:
        source: The page.
        xml: Read it as XHTML: a tag that ends in `/>` is its element's end too, CDATA is text.
    """
    at = 0
    while at < len(source):
        opening = source.find("<", at)
        if opening < 0:
            opening = len(source)
        if opening > at:
            yield plain_text(source[at:opening])
        if opening == len(source):
            return
        if xml and source.startswith("<![CDATA[", opening):
            at = _after(source, "]]>", opening)
            yield source[opening + 9 : at].removesuffix("]]>")
            continue
        tag, at = _markup(source, opening)
        if tag is None:
            if at == opening:  # a < that begins nothing
                yield "<"
                at += 1
            continue
        yield tag
        if xml and tag.source.endswith("/"):
            yield Tag(tag.name, True, "")
            continue
        if tag.name in _RAW and not tag.closing:
            end = _raw_end(source, tag.name, at)
            text = source[at:end]
            yield plain_text(text) if tag.name in ("title", "textarea") else text
            at = end


def plain_text(text: str) -> str:
    """A text with its character references resolved."""
    if "&" not in text:
        return text
    try:
        return html.unescape(text)
    except ValueError:  # a number of more digits than Python reads
        return text


def _markup(source: str, at: int) -> tuple[Tag | None, int]:
    """What begins at a `<`, and where it ends; the same place when nothing begins there."""
    simple = _SIMPLE.match(source, at)
    if simple is not None:
        return Tag(simple[2].lower(), bool(simple[1]), simple[3]), simple.end()
    if source.startswith("<!--", at):
        if source.startswith(("<!-->", "<!--->"), at):
            return None, source.find(">", at) + 1
        return None, _after(source, "-->", at + 4)
    name = _NAME.match(source, at)
    if name is not None:
        end = _tag_end(source, name.end())
        inside = source[name.end() : end - 1]
        # A tag that the page ends in is none: browsers drop it too.
        return (Tag(name[2].lower(), bool(name[1]), inside) if end else None), end or len(source)
    if source.startswith(("<!", "<?", "</"), at):
        return None, _after(source, ">", at + 2)
    return None, at


def _after(source: str, mark: str, at: int) -> int:
    found = source.find(mark, at)
    return len(source) if found < 0 else found + len(mark)


def _tag_end(source: str, at: int) -> int:
    """The place after the `>` that ends a tag; 0 when nothing does."""
    while True:
        match = _ATTRIBUTE.match(source, at)
        if match is None:
            blank = _BLANK.match(source, at)
            at = blank.end() if blank else at
            if source.startswith(">", at):
                return at + 1
            if at >= len(source):
                return 0
            at += 1  # a stray =
            continue
        at = match.end()
        if match[2]:
            closing = source.find(match[2], at)
            if closing < 0:
                return 0
            at = closing + 1


def _raw_end(source: str, name: str, at: int) -> int:
    found = re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE).search(source, at)
    return len(source) if found is None else found.start()
