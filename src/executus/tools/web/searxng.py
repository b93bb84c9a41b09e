"""Search by a SearXNG instance, in its JSON format."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from urllib.parse import urlencode

from executus.egress import Egress
from executus.tools.web.errors import SearchFailed
from executus.tools.web.search import SearchHit, authority_of, objects, plain, read_json

__all__ = ["SearXNG"]


class SearXNG:
    """Asks one's own instance; its settings must list `json` under `search.formats`.

    Args:
        base_url: Where it is, such as `http://searx.internal:8080`.
        egress: The way out; by default one that may reach this host, also an internal one.
        timeout_s: Seconds for one search.

    Raises:
        SetupError: The address cannot be read.
    """

    def __init__(
        self, base_url: str, *, egress: Egress | None = None, timeout_s: float = 20.0
    ) -> None:
        authority = authority_of(base_url, "SearXNG")
        self._url = base_url.rstrip("/") + "/search"
        self._egress = Egress(allow_hosts=[authority]) if egress is None else egress
        self._timeout_s = timeout_s

    async def search(self, query: str, *, limit: int) -> Sequence[SearchHit]:
        """See `WebSearch.search`. Sources: docs/tools/web.md, "Where the shapes come from"."""
        asked = urlencode({"q": query, "format": "json"})
        answer = await self._egress.fetch("GET", f"{self._url}?{asked}", timeout_s=self._timeout_s)
        if answer.status == 403:
            raise SearchFailed(
                "SearXNG answered 403: the host must add json to search.formats in its settings",
                fault="auth",
            )
        found = read_json(answer, "SearXNG")
        hits = (
            SearchHit(
                title=plain(item.get("title")),
                url=plain(item.get("url")),
                snippet=plain(item.get("content")),
                published=plain(item.get("publishedDate")),
            )
            for item in objects(found.get("results"))
        )
        best = list(islice((hit for hit in hits if hit.url), limit))
        if not best and found.get("unresponsive_engines"):
            raise SearchFailed(
                "none of SearXNG's engines answered: wait before searching again", fault="server"
            )
        return best
