"""The toolset `web`: `fetch`, and `search` where there is something to search with."""

from __future__ import annotations

import threading
from http.client import responses
from typing import Annotated

from pydantic import Field

from executus.egress import Egress, EgressResponse
from executus.registry import Effect, policy
from executus.tools.framing import untrusted
from executus.tools.web.errors import PageUnreadable
from executus.tools.web.page import PageText, read_page
from executus.tools.web.search import SearchHit, WebSearch
from majordomo.llm import BadArguments, Tool, tool
from majordomo.threads import call_in_thread

__all__ = ["web_tools"]

MAX_FETCHED_BYTES = 5 * 1024 * 1024
PAGE_CHARS = 20_000
MAX_HITS = 20
MAX_QUERY_CHARS = 400
KEPT_PAGES = 8
_ACCEPT = "text/html,application/xhtml+xml,application/json,text/plain;q=0.9,*/*;q=0.5"
_CURES = {
    401: "it needs a login",
    403: "it does not let programs in, or needs a login; look for another source",
    404: "there is no such page; check the URL or search for it",
    410: "the page is gone; look for another source",
    429: "too many requests; wait before asking this site again",
}


def web_tools(egress: Egress, *, search: WebSearch | None = None) -> tuple[Tool, ...]:
    """The tools `fetch` and, when there is a search, `search`.

    Args:
        egress: The guarded way out for pages.
        search: What to search with: `SearXNG`, `Brave`, `Tavily`, or a host's own.
    """
    fetch = _fetch_tool(egress, _Kept())
    return (fetch,) if search is None else (fetch, _search_tool(search))


class _Kept:
    """The last pages, so that reading on needs no second request and sees the same page."""

    def __init__(self) -> None:
        self._pages: dict[str, PageText] = {}
        self._lock = threading.Lock()

    def get(self, url: str) -> PageText | None:
        with self._lock:
            return self._pages.get(url)

    def put(self, url: str, page: PageText) -> None:
        with self._lock:
            self._pages.pop(url, None)
            self._pages[url] = page
            while len(self._pages) > KEPT_PAGES:
                del self._pages[next(iter(self._pages))]


def _fetch_tool(egress: Egress, kept: _Kept) -> Tool:
    @policy(effect=Effect.READ, idempotent=True, max_result_bytes=4 * PAGE_CHARS + 8192)
    @tool
    async def fetch(url: str, start: Annotated[int, Field(ge=0)] = 0) -> str:
        """Read a web page, document or JSON from the public internet, as Markdown or text.

        Args:
            url: Absolute, http or https.
            start: Character to go on from in a long page; the end of the part before names it.
        """
        url = url.strip()
        page = kept.get(url) if start > 0 else None
        if page is None:
            answer = await egress.fetch(
                "GET",
                url,
                headers={"accept": _ACCEPT},
                max_bytes=MAX_FETCHED_BYTES,
                oversize="cut",
            )
            _check_status(answer)
            page = await _read(answer)
            kept.put(url, page)
        return _part(page, start)

    return fetch


async def _read(answer: EgressResponse) -> PageText:
    dropped = threading.Event()
    try:
        return await call_in_thread(read_page, answer, dropped.is_set)
    finally:
        dropped.set()


def _check_status(answer: EgressResponse) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    why = _CURES.get(status, "the site failed" if status >= 500 else "the site refused it")
    name = responses.get(status, "")
    raise PageUnreadable(f"{answer.url[:500]} answered {status} {name}".rstrip() + f": {why}")


def _part(page: PageText, start: int) -> str:
    total = len(page.text)
    if start >= max(total, 1):
        raise BadArguments(f"start must be 0 to {max(total - 1, 0)} for this page, not {start}")
    end = start + PAGE_CHARS
    if end < total:
        line = page.text.rfind("\n", start + PAGE_CHARS * 3 // 4, end) + 1
        end = line or end
    text = page.text[start:end] or "(the page has no text)"
    if page.title and start == 0:
        text = f"Title: {page.title}\n\n{text}"
    return untrusted(text, source=page.url, note=_note(page, start, min(end, total)))


def _note(page: PageText, start: int, end: int) -> str:
    total = len(page.text)
    more = " The page is too long to read whole; its end is missing." if page.cut else ""
    if end < total:
        return (
            f"Characters {start} to {end} of {total}. "
            f"To go on, fetch the same url with start={end}.{more}"
        )
    return f"End of the page ({total} characters).{more}" if start or more else ""


def _search_tool(search: WebSearch) -> Tool:
    @policy(effect=Effect.READ, idempotent=True, keep_overflow=False)
    @tool(name="search")
    async def search_web(
        query: Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARS)],
        limit: Annotated[int, Field(ge=1, le=MAX_HITS)] = 8,
    ) -> str:
        """Search the web; gives titles, links and snippets. Read a page with fetch.

        Args:
            query: What to search for.
            limit: Most hits.
        """
        words = " ".join(query.split())
        if not words:
            raise BadArguments("query: give what to search for")
        hits = (await search.search(words, limit=limit))[:limit]
        if not hits:
            return "nothing was found: try other words"
        listed = "\n\n".join(_shown(number, hit) for number, hit in enumerate(hits, start=1))
        return untrusted(listed, source="a web search")

    return search_web


def _shown(number: int, hit: SearchHit) -> str:
    when = f" ({hit.published})" if hit.published else ""
    return "\n".join(
        filter(None, (f"{number}. {hit.title or hit.url}{when}", hit.url, hit.snippet))
    )
