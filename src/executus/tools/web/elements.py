"""What the elements of HTML mean for a reader."""

from __future__ import annotations

import re
from collections.abc import Mapping

from executus.tools.web.htmltokens import Tag

__all__ = [
    "BLOCKS",
    "CONTAINERS",
    "DROPPED",
    "HEADINGS",
    "MARKS",
    "NOISE",
    "NO_HEADING",
    "TEXT_HOLDERS",
    "VOID",
    "is_hidden",
]

BLOCKS = frozenset(
    {
        "address",
        "article",
        "body",
        "center",
        "details",
        "dialog",
        "div",
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
# Beside the blocks: what ends a paragraph when it ends.
TEXT_HOLDERS = frozenset({"li", "dt", "dd", "caption", "td", "th", "tr"})
CONTAINERS = {
    "ul": "list",
    "ol": "list",
    "menu": "list",
    "dl": "list",
    "blockquote": "quote",
    "table": "table",
}
_HINT = re.compile(r"hidden|display\s*:\s*none|navigation|dialog|class|\bid\b", re.IGNORECASE)
# Parts that no reader of a page wants: links to a heading itself, to edit a section, questions
# about cookies. Sources: Sphinx, MkDocs, Jupyter, Docusaurus, MediaWiki, and the usual banners.
_UNWANTED = re.compile(
    r"(?:^|\s)(?:headerlink|hash-link|anchor-link|anchorjs-link|mw-editsection|mw-cite-backlink)(?:\s|$)"
    r"|cookie[-_]?(?:banner|consent|notice|bar|popup|modal|dialog|message)"
    r"|onetrust-|cybotcookiebot|(?:gdpr|consent)[-_](?:banner|popup|modal|dialog)",
    re.IGNORECASE,
)
# A class of these speaks of a state of the page, not of them.
_NEVER_UNWANTED = frozenset({"html", "body", "main", "article"})
_HIDDEN_ROLES = frozenset({"navigation", "dialog", "alertdialog"})


def is_hidden(tag: Tag) -> bool:
    """Whether a start tag hides its element from readers, or makes it none of their business.

    The panels of tabs count as shown: a reader sees one after the other.
    """
    if tag.name == "dialog" and "open" not in tag.attributes():
        return True
    if not tag.source or not _HINT.search(tag.source):
        return False
    given = tag.attributes()
    role = given.get("role", "").lower()
    if role in _HIDDEN_ROLES:
        return True
    names = f"{given.get('class', '')} {given.get('id', '')}"
    if tag.name not in _NEVER_UNWANTED and _UNWANTED.search(names):
        return True
    return role != "tabpanel" and _is_invisible(given)


def _is_invisible(given: Mapping[str, str]) -> bool:
    style = given.get("style", "").replace(" ", "").lower()
    return (
        ("hidden" in given and given["hidden"].lower() != "until-found")
        or given.get("aria-hidden", "").lower() == "true"
        or "display:none" in style
    )
