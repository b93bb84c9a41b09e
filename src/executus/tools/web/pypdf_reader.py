"""The text of a PDF, by pypdf; the only module that imports it."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from executus.tools.web.errors import PageUnreadable

__all__ = ["pdf_text"]

MAX_PAGES = 300
MAX_CHARS = 2_000_000

# It reports each oddity of a document; nobody reads that.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def pdf_text(body: bytes, dropped: Callable[[], bool]) -> tuple[str, bool]:
    """All pages' text, and whether there was more than was read.

    Args:
        body: The file.
        dropped: Asked before each page, for one may take seconds: whether nobody waits any more.

    Raises:
        PageUnreadable: It is damaged or locked.
    """
    parts: list[str] = []
    size = 0
    try:
        reader = PdfReader(io.BytesIO(body))
        total = len(reader.pages)
        for number in range(min(total, MAX_PAGES)):
            if dropped():
                break
            text = reader.pages[number].extract_text().strip()
            parts.append(f"## Page {number + 1}\n\n{text}" if text else "")
            size += len(text)
            if size > MAX_CHARS:
                break
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError,
            RecursionError, NotImplementedError, OverflowError) as error:  # fmt: skip
        raise PageUnreadable("the PDF is damaged or locked: look for another copy") from error
    return "\n\n".join(filter(None, parts)), total > len(parts)
