"""Search by the Tavily API."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from pydantic_core import to_json

from executus.egress import Egress
from executus.tools.web.search import (
    SearchHit,
    authority_of,
    checked_key,
    objects,
    plain,
    read_json,
)

__all__ = ["Tavily"]

MAX_RESULTS = 20
MAX_QUERY_CHARS = 400


class Tavily:
    """Asks a search made for models: snippets are passages of the pages.

    Args:
        key: The API key.
        base_url: Where the API is.
        egress: The way out; by default one that reaches the public internet alone.
        timeout_s: Seconds for one search.

    Raises:
        SetupError: The key or the address cannot be used.
    """

    def __init__(
        self,
        key: str,
        *,
        base_url: str = "https://api.tavily.com",
        egress: Egress | None = None,
        timeout_s: float = 20.0,
    ) -> None:
        authority_of(base_url, "Tavily")
        self._key = checked_key(key, "Tavily")
        self._url = base_url.rstrip("/") + "/search"
        self._egress = Egress() if egress is None else egress
        self._timeout_s = timeout_s

    async def search(self, query: str, *, limit: int) -> Sequence[SearchHit]:
        """See `WebSearch.search`. Sources: docs/tools/web.md, "Where the shapes come from"."""
        body = {"query": query[:MAX_QUERY_CHARS], "max_results": min(limit, MAX_RESULTS)}
        answer = await self._egress.fetch(
            "POST",
            self._url,
            headers={
                "authorization": f"Bearer {self._key}",
                "content-type": "application/json",
            },
            content=to_json(body),
            redirects=False,
            timeout_s=self._timeout_s,
        )
        found = read_json(answer, "Tavily")
        hits = (
            SearchHit(
                title=plain(item.get("title")),
                url=plain(item.get("url")),
                snippet=plain(item.get("content")),
                published=plain(item.get("published_date")),
            )
            for item in objects(found.get("results"))
        )
        return list(islice((hit for hit in hits if hit.url), limit))
