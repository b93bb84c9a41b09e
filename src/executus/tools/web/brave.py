"""Search by the Brave Search API."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, cast
from urllib.parse import urlencode

from executus.egress import Egress, EgressResponse
from executus.tools.web.errors import SearchFailed, SearchFault
from executus.tools.web.search import (
    SearchHit,
    authority_of,
    checked_key,
    failed,
    objects,
    parsed_body,
    plain,
    read_json,
    seconds,
)

__all__ = ["Brave"]

MAX_COUNT = 20
MAX_QUERY_CHARS = 400
MAX_QUERY_WORDS = 50
# It answers 422 to a wrong key and 429 to a spent quota: its own words say more than the status.
_CODES: dict[str, SearchFault] = {
    "SUBSCRIPTION_TOKEN_INVALID": "auth",
    "SUBSCRIPTION_NOT_FOUND": "auth",
    "OPTION_NOT_IN_PLAN": "auth",
    "RATE_LIMITED": "rate",
    "QUOTA_LIMITED": "quota",
}


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
        """See `WebSearch.search`. Sources: docs/tools/web.md, "Where the shapes come from"."""
        asked = urlencode(
            {
                "q": " ".join(query[:MAX_QUERY_CHARS].split()[:MAX_QUERY_WORDS]),
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
        if answer.status != 200:
            raise _failed(answer)
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


def _failed(answer: EgressResponse) -> SearchFailed:
    body = parsed_body(answer)
    told = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    errors = [*objects([told.get("error")]), *objects(told.get("errors"))]
    codes = [plain(error.get("code")) for error in errors]
    faults: list[SearchFault] = [_CODES[code] for code in codes if code in _CODES]
    return failed(
        answer, "Brave Search", fault=faults[0] if faults else None, wait_s=_reset_s(answer)
    )


def _reset_s(answer: EgressResponse) -> float | None:
    """Seconds until the last window without a call left begins anew: `1, 1419704` names two."""
    if answer.status != 429:
        return None
    left = answer.header("x-ratelimit-remaining").split(",")
    resets = answer.header("x-ratelimit-reset").split(",")
    waits = [
        seconds(reset) for calls, reset in zip(left, resets, strict=False) if not seconds(calls)
    ]
    return max((wait for wait in waits if wait is not None), default=None)
