"""What the elements of HTML mean for a reader."""

from __future__ import annotations

import re

from executus.tools.web.htmltokens import Tag

__all__ = [
    "BLOCKS",
    "CONTAINERS",
    "DROPPED",
    "HEADINGS",
    "MARKS",
    "NOISE",
    "NO_HEADING",
    "VOID",
    "is_hidden",
]

BLOCKS = frozenset(
    {
        "address",
        "article",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "main",
        "menu",
        "nav",
        "noscript",
        "option",
        "p",
        "section",
        "summary",
        "aside",
    }
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
# What ends a heading nobody closed; a div may stand inside one.
NO_HEADING = frozenset(
    {"p", "section", "article", "ul", "ol", "table", "pre", "blockquote", "hr", "dl", "main"}
)
DROPPED = frozenset(
    {
        "script",
        "style",
        "textarea",
        "template",
        "svg",
        "canvas",
        "iframe",
        "object",
        "audio",
        "video",
        "noembed",
        "noframes",
        "select",
        "button",
        "xmp",
        "math",
    }
)
NOISE = frozenset({"nav", "footer", "aside", "noscript"})
VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    }
)
MARKS = {
    "b": ("b", "**"),
    "strong": ("b", "**"),
    "i": ("i", "*"),
    "em": ("i", "*"),
    "s": ("s", "~~"),
    "del": ("s", "~~"),
    "strike": ("s", "~~"),
    "code": ("code", "`"),
    "kbd": ("code", "`"),
    "samp": ("code", "`"),
    "tt": ("code", "`"),
}
CONTAINERS = {
    "ul": "list",
    "ol": "list",
    "menu": "list",
    "blockquote": "quote",
    "table": "table",
}
_HIDDEN = re.compile(r"hidden|display\s*:\s*none|navigation", re.IGNORECASE)


def is_hidden(tag: Tag) -> bool:
    """Whether a start tag hides its element from readers, or makes it navigation."""
    if not tag.source or not _HIDDEN.search(tag.source):
        return False
    given = tag.attributes()
    style = given.get("style", "").replace(" ", "").lower()
    return (
        ("hidden" in given and given["hidden"].lower() != "until-found")
        or given.get("aria-hidden", "").lower() == "true"
        or given.get("role", "").lower() == "navigation"
        or "display:none" in style
    )
