"""Search by the Brave Search API."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, cast
from urllib.parse import urlencode

from executus.egress import Egress
from executus.tools.web.search import (
    SearchHit,
    authority_of,
    checked_key,
    objects,
    plain,
    read_json,
)

__all__ = ["Brave"]

MAX_COUNT = 20
MAX_QUERY_CHARS = 400


class Brave:
    """Asks Brave's own index.

    Args:
        key: The subscription token.
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
        base_url: str = "https://api.search.brave.com/res/v1",
        egress: Egress | None = None,
        timeout_s: float = 20.0,
    ) -> None:
        authority_of(base_url, "Brave Search")
        self._key = checked_key(key, "Brave Search")
        self._url = base_url.rstrip("/") + "/web/search"
        self._egress = Egress() if egress is None else egress
        self._timeout_s = timeout_s

    async def search(self, query: str, *, limit: int) -> Sequence[SearchHit]:
        """See `WebSearch.search`. Source: api-dashboard.search.brave.com, "Web Search"."""
        asked = urlencode(
            {
                "q": query[:MAX_QUERY_CHARS],
                "count": min(limit, MAX_COUNT),
                "text_decorations": "false",
            }
        )
        answer = await self._egress.fetch(
            "GET",
            f"{self._url}?{asked}",
            headers={"accept": "application/json", "x-subscription-token": self._key},
            redirects=False,
            timeout_s=self._timeout_s,
        )
        web: object = read_json(answer, "Brave Search").get("web")
        results = cast("dict[str, Any]", web).get("results") if isinstance(web, dict) else None
        hits = (
            SearchHit(
                title=plain(item.get("title"), markup=True),
                url=plain(item.get("url")),
                snippet=plain(item.get("description"), markup=True),
                published=plain(item.get("page_age")) or plain(item.get("age")),
            )
            for item in objects(results)
        )
        return list(islice((hit for hit in hits if hit.url), limit))
