"""An answer as text for a model, by its type: HTML, JSON, PDF, plain text; others are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from pydantic_core import from_json, to_json

from executus.egress import EgressResponse
from executus.tools.web.charset import decoded
from executus.tools.web.errors import PageUnreadable
from executus.tools.web.markdown import read_html
from majordomo.errors import MissingExtra

__all__ = ["PageText", "read_page"]

MAX_CHARS = 2_000_000
# Indenting can make a nested text a hundred times as long.
MAX_INDENTED_BYTES = 256 * 1024
_PDF_READER = "executus.tools.web.pypdf_reader"
_TEXTS = frozenset(
    {
        "application/javascript",
        "application/ecmascript",
        "application/xml",
        "application/yaml",
        "application/x-yaml",
        "application/toml",
        "application/sql",
        "application/x-sh",
        "application/x-ndjson",
        "application/jsonl",
        "application/x-javascript",
        "application/graphql",
        "application/rtf",
        "image/svg+xml",
    }
)
_UNKNOWN = frozenset({"", "application/octet-stream", "binary/octet-stream"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """What a page says.

    Attributes:
        url: Where it came from in the end.
        title: May be empty.
        text: Markdown, JSON or plain text.
        cut: There is more than was read.
    """

    url: str
    title: str = ""
    text: str
    cut: bool = False


def _never() -> bool:
    return False


def read_page(answer: EgressResponse, dropped: Callable[[], bool] = _never) -> PageText:
    """Turn an answer of any size into text.

    Args:
        answer: What the server sent.
        dropped: Whether nobody waits for it any more; asked from the thread that calls.

    Raises:
        PageUnreadable: Its type has no text, or it is broken.
        MissingExtra: It is a PDF, and nothing to read it with is installed.
    """
    header = answer.header("content-type")
    mime = header.partition(";")[0].strip().lower()
    body = answer.body
    kind = _kind(mime, body)
    if kind == "pdf":
        text, more = _pdf(answer, dropped)
        return PageText(url=answer.url, text=text, cut=more)
    if kind == "html":
        source = decoded(body, header, markup=True).replace("\0", "")
        page = read_html(source, url=answer.url, xml=mime == "application/xhtml+xml")
        cut = page.cut or answer.truncated
        return PageText(url=answer.url, title=page.title[:300], text=page.markdown, cut=cut)
    if kind == "other":
        raise PageUnreadable(
            f"this is {mime or 'data of no known type'}, {len(body)}"
            f"{' or more' if answer.truncated else ''} bytes, and has no text to read: "
            "look for a page about it"
        )
    text = decoded(body, header).replace("\0", "")
    if kind == "json":
        text = _indented(body, text)
    return PageText(
        url=answer.url, text=text[:MAX_CHARS], cut=answer.truncated or len(text) > MAX_CHARS
    )


def _kind(mime: str, body: bytes) -> str:
    if mime == "application/pdf" or body.startswith(b"%PDF-"):
        return "pdf"
    if mime in ("text/html", "application/xhtml+xml"):
        return "html"
    if mime == "application/json" or mime.endswith("+json"):
        return "json"
    if mime.startswith("text/") or mime in _TEXTS or mime.endswith("+xml"):
        return "text"
    return _sniffed(body) if mime in _UNKNOWN else "other"


def _sniffed(body: bytes) -> str:
    head = body[:1024].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "html"
    return "other" if b"\0" in body[:4096] else "text"


def _indented(body: bytes, text: str) -> str:
    if len(body) > MAX_INDENTED_BYTES:
        return text
    try:
        parsed: object = from_json(text, allow_inf_nan=True)
    except ValueError:
        return text
    return to_json(parsed, indent=2, inf_nan_mode="constants").decode()


def _pdf(answer: EgressResponse, dropped: Callable[[], bool]) -> tuple[str, bool]:
    if answer.truncated:
        raise PageUnreadable(f"the PDF is over {len(answer.body)} bytes, too large to read")
    try:
        module = import_module(_PDF_READER)
    except ImportError as error:
        raise MissingExtra("reading a PDF", extra="web") from error
    read = cast("Callable[[bytes, Callable[[], bool]], tuple[str, bool]]", module.pdf_text)
    return read(answer.body, dropped)
