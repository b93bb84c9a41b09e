"""HTML to Markdown in one pass over its tags, with a stack of the few that matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from executus.tools.web.blocks import Block, Frame, Grid, essential, joined
from executus.tools.web.codeblock import CodeBlock, named_language
from executus.tools.web.elements import (
    BLOCKS,
    CONTAINERS,
    DROPPED,
    HEADINGS,
    MARKS,
    NO_HEADING,
    NOISE,
    TEXT_HOLDERS,
    VOID,
    is_hidden,
)
from executus.tools.web.htmltokens import Tag, tokens
from executus.tools.web.inline import Paragraph
from executus.tools.web.links import absolute, image

__all__ = ["Page", "read_html"]

MAX_CHARS = 2_000_000
MAX_TOKENS = 1_000_000
MAX_NESTED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as Markdown.

    Attributes:
        title: What it calls itself; may be empty.
        markdown: What it says.
        cut: It says more than was kept.
    """

    title: str
    markdown: str
    cut: bool


def read_html(source: str, *, url: str, xml: bool = False) -> Page:
    """Turn a page into Markdown; links become absolute.

    Scripts, styles, forms, and what is hidden or navigation are left out, and everything beside the
    page's `<main>` when that says enough. A page that is empty then is read with its navigation.

    Args:
        source: The HTML, of any quality.
        url: Where it comes from.
        xml: It was served as XHTML: what ends in `/>` has no inside.
    """
    page = _Reader(url, DROPPED | NOISE).read(source, xml=xml)
    return page if page.markdown else _Reader(url, DROPPED).read(source, xml=xml)


class _Reader:
    def __init__(self, url: str, dropped: frozenset[str]) -> None:
        self._url = url
        self._dropped = dropped
        self._keeps_all = not dropped & NOISE
        self._title: list[str] = []
        self._blocks: list[Block] = []
        self._sink = self._blocks
        self._frames = [Frame("page")]
        self._open: dict[str, int] = dict.fromkeys(("list", "quote", "table"), 0)
        self._paragraph = Paragraph()
        self._code: CodeBlock | None = None
        self._language = ""
        self._heading = 0
        self._term = False
        self._apart = False
        self._main = 0
        self._skipped = ""
        self._skip_depth = 0
        self._in_title = False
        self._size = 0
        self._starts: dict[str, Callable[[Tag], None]] = {
            "a": self._link,
            "img": self._image,
            "br": self._break,
            "base": self._set_base,
            "input": self._checkbox,
            "sup": self._raise,
            "pre": self._start_code,
            "ul": self._start_list,
            "ol": self._start_list,
            "dl": self._start_list,
            "li": self._start_item,
            "dt": self._start_term,
            "dd": self._start_definition,
            "blockquote": self._start_quote,
            "table": self._start_table,
            "tr": self._start_row,
            "td": self._start_cell,
            "th": self._start_cell,
            "caption": self._start_caption,
        }

    def read(self, source: str, *, xml: bool) -> Page:
        cut = False
        for count, token in enumerate(tokens(source, xml=xml)):
            if isinstance(token, str):
                self._text(token)
            elif self._skipped:
                self._skip(token)
            elif token.closing:
                self._end(token.name)
            else:
                self._start(token)
            if count > MAX_TOKENS or self._size + self._paragraph.size > MAX_CHARS:
                cut = True
                break
        self._end_code()
        self._pop_all()
        said = joined(essential(self._blocks))
        title = " ".join(" ".join(self._title).split())
        return Page(title=title, markdown=said[:MAX_CHARS], cut=cut or len(said) > MAX_CHARS)

    # -- texts ------------------------------------------------------------------------------------

    def _text(self, text: str) -> None:
        if self._in_title:
            self._title.append(text[:500])
        elif self._skipped:
            return
        elif self._code is not None:
            self._code.text(text)
            self._size += len(text)
        else:
            self._paragraph.text(text)

    def _skip(self, tag: Tag) -> None:
        """Leave out an element, and end with it, or with what can only stand after it."""
        if self._skipped == "p" and (tag.name in BLOCKS or (tag.closing and tag.name == "p")):
            self._skip_depth = 0
        elif tag.name == self._skipped:
            self._skip_depth += -1 if tag.closing else 1
        elif tag.name in ("main", "article") and not tag.closing and self._skipped in NOISE:
            self._skip_depth = 0
        else:
            return
        if self._skip_depth <= 0:
            self._skipped = ""
            if not tag.closing and tag.name not in VOID:
                self._start(tag)

    def _drops(self, tag: Tag) -> bool:
        if tag.name in VOID:
            return False
        if tag.name in self._dropped:
            return not self._is_said(tag.name)
        return not self._keeps_all and is_hidden(tag)

    def _is_said(self, name: str) -> bool:
        """Whether what is dropped elsewhere is text here: who is quoted, a heading to unfold."""
        return (name == "footer" and self._open["quote"] > 0) or (
            name == "button" and self._heading > 0
        )

    # -- tags -------------------------------------------------------------------------------------

    def _start(self, tag: Tag) -> None:
        name = tag.name
        if name == "title":
            self._in_title = not self._title
            if not self._in_title:
                self._skipped, self._skip_depth = name, 1
        elif self._drops(tag):
            if name in BLOCKS:
                self._flush()
            self._skipped, self._skip_depth = name, 1
        elif self._code is not None:
            self._code.element(tag)
        elif name in MARKS:
            kind, sign = MARKS[name]
            self._paragraph.open(kind, sign, sign)
        elif name in BLOCKS or name in HEADINGS:
            self._start_block(tag)
        else:
            self._start_other(tag)

    def _start_block(self, tag: Tag) -> None:
        self._flush()
        name = tag.name
        if name in HEADINGS:
            self._heading = HEADINGS[name]
        elif name in NO_HEADING:
            self._heading = 0
        if name == "main":
            self._main += 1
        elif name == "hr":
            self._emit("---")
        elif name == "div" and "highlight-" in tag.source:
            self._language = named_language(tag)

    def _start_other(self, tag: Tag) -> None:
        handler = self._starts.get(tag.name)
        if handler is not None:
            handler(tag)

    def _end(self, name: str) -> None:
        if name == "title":
            self._in_title = False
        elif name == "pre":
            self._end_code()
        elif self._code is not None:
            return
        elif name in MARKS:
            self._paragraph.close(MARKS[name][0])
        elif name == "a":
            self._paragraph.close("a")
        elif name == "sup":
            self._paragraph.raised = False
        elif name in HEADINGS:
            self._flush()
            self._heading = 0
        elif name in BLOCKS or name in TEXT_HOLDERS:
            self._flush()
            self._main -= name == "main" and self._main > 0
        elif name in CONTAINERS:
            self._close(CONTAINERS[name])

    def _link(self, tag: Tag) -> None:
        self._paragraph.close("a")
        url = absolute(self._url, tag.attributes().get("href", ""))
        if url:
            self._paragraph.open("a", "[", f"]({url})")

    def _image(self, tag: Tag) -> None:
        shown = image(self._url, tag.attributes())
        if shown:
            self._paragraph.ink(shown)

    def _checkbox(self, tag: Tag) -> None:
        given = tag.attributes()
        if given.get("type", "").lower() == "checkbox" and self._in_item():
            self._paragraph.text("[x] " if "checked" in given else "[ ] ")

    def _raise(self, _tag: Tag) -> None:
        self._paragraph.raised = True

    def _break(self, _tag: Tag) -> None:
        self._paragraph.line_break()

    def _set_base(self, tag: Tag) -> None:
        self._url = absolute(self._url, tag.attributes().get("href", "")) or self._url

    # -- code -------------------------------------------------------------------------------------

    def _start_code(self, tag: Tag) -> None:
        self._flush()
        self._code = CodeBlock(named_language(tag) or self._language)

    def _end_code(self) -> None:
        if self._code is None:
            return
        fenced = self._code.fenced()
        self._code = None
        if fenced:
            self._emit(fenced, "code")

    # -- what stands in something -----------------------------------------------------------------

    def _start_list(self, tag: Tag) -> None:
        self._flush()
        number = (tag.number("start") or 1) if tag.name == "ol" else 0
        self._push(Frame("list", number=number))

    def _start_item(self, tag: Tag) -> None:
        self._end_item()
        above = self._frames[-1]
        marker = "- "
        if above.name == "list" and above.number:
            above.number = tag.number("value") or above.number
            marker = f"{above.number}. "
            above.number += 1
        self._push(Frame("item", first=marker, rest=" " * len(marker)))

    def _start_term(self, _tag: Tag) -> None:
        self._end_item()
        self._term = True

    def _start_definition(self, _tag: Tag) -> None:
        self._end_item()
        self._push(Frame("item", first=": ", rest="  "))

    def _end_item(self) -> None:
        self._flush()
        self._term = False
        if self._frames[-1].name == "item":
            self._frames.pop()

    def _start_quote(self, _tag: Tag) -> None:
        self._flush()
        self._push(Frame("quote", first="> ", rest="> "))

    def _start_table(self, _tag: Tag) -> None:
        self._flush()
        if self._open["table"] < MAX_NESTED:
            self._push(Frame("table", grid=Grid(), sink=self._sink))

    def _start_row(self, _tag: Tag) -> None:
        self._flush()
        if grid := self._to_table():
            grid.add_row()

    def _start_cell(self, tag: Tag) -> None:
        self._flush()
        if grid := self._to_table():
            self._sink = grid.add_cell(tag.number("colspan") or 1, tag.number("rowspan") or 1)
            self._push(Frame("cell"))

    def _start_caption(self, _tag: Tag) -> None:
        self._flush()
        if grid := self._to_table():
            self._sink = grid.caption

    def _to_table(self) -> Grid | None:
        """Leave what was begun in the innermost table's last cell."""
        if not self._open["table"]:
            return None
        while self._frames[-1].name != "table":
            self._pop()
        return self._frames[-1].grid

    def _push(self, frame: Frame) -> None:
        above = self._frames[-1]
        if frame.name in ("item", "quote"):
            deep = len(above.rest) > 4 * MAX_NESTED
            indent = above.rest
            above.first = above.rest  # a marker with nothing beside it is not written later
            frame.first = indent if deep else indent + frame.first
            frame.rest = indent if deep else indent + frame.rest
        elif frame.name != "cell":
            frame.first, frame.rest = above.rest, above.rest
            if frame.name == "table":
                frame.first = above.first
        if frame.name in self._open:
            self._open[frame.name] += 1
        self._frames.append(frame)

    def _close(self, name: str) -> None:
        self._flush()
        if not self._open[name]:
            return
        while self._pop() != name:
            pass

    def _pop(self) -> str:
        frame = self._frames.pop()
        if frame.name in self._open:
            self._open[frame.name] -= 1
        if frame.name == "list" and not self._in_item():
            self._apart = True
        if frame.grid is not None:
            self._sink = frame.sink
            for block in frame.grid.blocks():
                self._size -= len(block.text)  # it was counted in its cell
                self._emit(block.text, block.kind, main=block.main)
        return frame.name

    def _pop_all(self) -> None:
        self._flush()
        while len(self._frames) > 1:
            self._pop()

    def _flush(self) -> None:
        text = self._paragraph.take()
        if not text:
            return
        if self._heading:
            text = "#" * self._heading + " " + text.replace("\n", " ")
        self._emit(text, self._kind())

    def _kind(self) -> str:
        if self._in_item():
            return "item"
        return "term" if self._term and self._frames[-1].name == "list" else "text"

    def _in_item(self) -> bool:
        return self._frames[-1].name == "item"

    def _emit(self, text: str, kind: str = "text", *, main: bool = False) -> None:
        frame = self._frames[-1]
        if frame.rest or frame.first:
            text = frame.first + text.replace("\n", "\n" + frame.rest)
            frame.first = frame.rest
        self._size += len(text)
        self._sink.append(Block(text, kind, main or bool(self._main), self._apart))
        self._language, self._apart = "", False
