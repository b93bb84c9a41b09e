"""The addresses of a page, in full and as Markdown can hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urljoin

__all__ = ["absolute", "image"]

MAX_URL_CHARS = 2000
MAX_ALT_CHARS = 500
_SPACE = re.compile(r"\s")


def absolute(base: str, href: str) -> str:
    """An http or mailto link in full; empty for any other, and for a place on the same page.

    Args:
        base: What it is relative to.
        href: As the page has it.
    """
    href = href.strip()
    if not href or href.startswith("#") or len(href) > MAX_URL_CHARS:
        return ""
    try:
        url = href if href.startswith(("http://", "https://")) else urljoin(base, href)
    except ValueError:
        return ""
    if len(url) > MAX_URL_CHARS or not url.startswith(("http://", "https://", "mailto:")):
        return ""
    return _SPACE.sub("%20", url).replace("(", "%28").replace(")", "%29")


def image(base: str, given: Mapping[str, str]) -> str:
    """A picture by what it shows; empty for one that does not say.

    Args:
        base: What its address is relative to.
        given: Its attributes.
    """
    alt = " ".join(given.get("alt", "").split())[:MAX_ALT_CHARS]
    if not alt:
        return ""
    # A page that loads its pictures late has a placeholder in src.
    url = absolute(base, given.get("src", "")) or absolute(base, given.get("data-src", ""))
    return f"![{alt}]({url})" if url else f"![{alt}]"
