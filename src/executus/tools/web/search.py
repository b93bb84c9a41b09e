"""The search seam, and what its adapters share: statuses to errors, JSON to hits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from pydantic_core import from_json

from executus.egress import EgressResponse
from executus.errors import SetupError
from executus.tools.web.errors import SearchFailed, SearchFault
from executus.tools.web.markdown import read_html

__all__ = [
    "SearchHit",
    "WebSearch",
    "authority_of",
    "checked_key",
    "failed",
    "objects",
    "parsed_body",
    "plain",
    "read_json",
    "seconds",
]

MAX_SNIPPET_CHARS = 1000
_FAULTS: dict[int, SearchFault] = {
    401: "auth",
    403: "auth",
    402: "quota",
    432: "quota",  # Tavily: the plan's limit
    433: "quota",  # Tavily: the pay-as-you-go limit
    429: "rate",
}
_CURES: dict[SearchFault, str] = {
    "auth": "the host must check its key and what it allows",
    "quota": "its quota is spent; the host must raise it, so answer without searching",
    "rate": "too many searches; wait before searching again",
    "request": "it does not take this query; try a shorter, plainer one",
    "server": "it failed on its side; try again later",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """One thing a search found.

    Attributes:
        title: The page's title.
        url: Where it is.
        snippet: What it says about the query, in plain text; may be empty.
        published: When, as the service writes it; may be empty.
    """

    title: str
    url: str
    snippet: str = ""
    published: str = ""


class WebSearch(Protocol):
    """Searches the web."""

    async def search(self, query: str, *, limit: int) -> Sequence[SearchHit]:
        """The best hits first, at most `limit`.

        Raises:
            SearchFailed: The service did not search.
            EgressError: It could not be asked.
        """
        ...


def read_json(answer: EgressResponse, service: str) -> dict[str, Any]:
    """The object a service answered.

    Raises:
        SearchFailed: Its status is not 200, or it is no JSON object.
    """
    if answer.status != 200:
        raise failed(answer, service)
    parsed = parsed_body(answer)
    if not isinstance(parsed, dict):
        raise SearchFailed(
            f"{service} did not answer in JSON: the host must check its address",
            fault="server",
        )
    return cast("dict[str, Any]", parsed)


def parsed_body(answer: EgressResponse) -> object:
    """What a body holds as JSON; None when it holds none."""
    try:
        return from_json(answer.body)
    except ValueError:
        return None


def failed(
    answer: EgressResponse,
    service: str,
    *,
    fault: SearchFault | None = None,
    wait_s: float | None = None,
) -> SearchFailed:
    """The error for a status that is not 200.

    Args:
        answer: What the service answered; nothing of its body is told.
        service: Its name.
        fault: What it was, when more than the status says so.
        wait_s: Seconds to wait, when the service says so in a way of its own.
    """
    other: SearchFault = "server" if answer.status >= 500 else "request"
    kind: SearchFault = fault or _FAULTS.get(answer.status, other)
    wait = seconds(answer.header("retry-after")) if wait_s is None else wait_s
    later = f" (in {wait:g} s)" if wait is not None and kind in ("rate", "server") else ""
    return SearchFailed(
        f"{service} answered {answer.status}: {_CURES[kind]}{later}",
        fault=kind,
        retry_after_s=wait,
    )


def seconds(text: str) -> float | None:
    """Seconds that a header names as a whole number; None for anything else, such as a date."""
    text = text.strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def objects(value: object) -> Iterator[dict[str, Any]]:
    """The objects in a list; nothing for anything else."""
    if isinstance(value, list):
        for item in cast("list[object]", value):
            if isinstance(item, dict):
                yield cast("dict[str, Any]", item)


def plain(value: object, *, markup: bool = False) -> str:
    """A text field on one line, shortened; empty when it is none."""
    if not isinstance(value, str):
        return ""
    text = value[: 4 * MAX_SNIPPET_CHARS]
    if markup and ("<" in text or "&" in text):
        text = read_html(text, url="").markdown
    return " ".join(text.split())[:MAX_SNIPPET_CHARS]


def checked_key(key: str, service: str) -> str:
    """A key that can be sent.

    Raises:
        SetupError: It cannot; the message does not hold it.
    """
    plain_key = key.strip()
    if not plain_key or not plain_key.isascii() or not plain_key.isprintable():
        raise SetupError(f"the key for {service} is empty or has characters that cannot be sent")
    return plain_key


def authority_of(base_url: str, service: str) -> str:
    """`host` or `host:port` of a service's address, as `Egress` takes it.

    Raises:
        SetupError: It is not an http or https address, or it carries a user or a query.
    """
    parts = urlsplit(base_url)
    bad = parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc
    if bad or parts.query or parts.fragment:
        raise SetupError(f"the address of {service} must look like https://host/path")
    return parts.netloc
