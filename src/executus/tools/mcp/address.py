"""A server's address, of which the SDK and the HTTP client, who log it, know the plain part."""

from __future__ import annotations

from itertools import count

import httpx2

__all__ = ["Address"]

_MOST_REDIRECTS = 100  # remembered; each is followed at once, or never


class Address:
    """Where a server is.

    A query or a login may hold a key. They are kept from whoever logs addresses, and are put back
    where a request is sent. So are queries of redirects: a number behind `#`, which is not sent,
    says which redirect is followed.

    Args:
        url: The whole address.

    Attributes:
        shown: The address without them.
        auth: The login; None without one.
    """

    def __init__(self, url: str) -> None:
        whole = httpx2.URL(url)
        self.shown = _plain(whole)
        self.auth = (
            httpx2.BasicAuth(whole.username, whole.password)
            if whole.username or whole.password
            else None
        )
        self._own = whole.copy_with(userinfo=b"")
        self._moved: dict[httpx2.URL, httpx2.URL] = {}
        self._moves = count(1)

    def whole(self, request: httpx2.Request) -> httpx2.Request:
        """The request as it is sent; another object, for the one that is given is logged."""
        url = self._own if request.url == self.shown else self._moved.get(request.url)
        if url is None or url == request.url:
            return request
        return httpx2.Request(
            request.method,
            url,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )

    def hide(self, response: httpx2.Response, sent: httpx2.Request) -> None:
        """Take the query out of where a response redirects to."""
        location = response.headers.get("location")
        if location is None:
            return
        try:
            whole = sent.url.join(location).copy_with(userinfo=b"")
        except httpx2.InvalidURL:
            return  # the client says so
        plain = _plain(whole)
        if not whole.query and plain != self.shown:
            return
        shown = plain.copy_with(fragment=str(next(self._moves)))
        self._moved[shown] = whole
        if len(self._moved) > _MOST_REDIRECTS:
            del self._moved[next(iter(self._moved))]
        response.headers["location"] = str(shown)


def _plain(url: httpx2.URL) -> httpx2.URL:
    return url.copy_with(userinfo=b"", query=None, fragment=None)
