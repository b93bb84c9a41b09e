"""A server's address, of which the SDK and the HTTP client, who log it, know the plain part."""

from __future__ import annotations

import httpx2

__all__ = ["Address"]

_MOST_REDIRECTS = 100


class Address:
    """Where a server is.

    A query or a login may hold a key. They are kept from whoever logs addresses, and are put back
    where a request is sent; so are queries of redirects.

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
        self._whole = {self.shown: whole.copy_with(userinfo=b"")}

    def whole(self, request: httpx2.Request) -> httpx2.Request:
        """The request as it is sent; another object, for the one that is given is logged."""
        url = self._whole.get(request.url)
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
        if location is None or len(self._whole) > _MOST_REDIRECTS:
            return
        try:
            whole = sent.url.join(location)
        except httpx2.InvalidURL:
            return  # the client says so
        if whole.query:
            shown = _plain(whole)
            self._whole[shown] = whole
            response.headers["location"] = str(shown)


def _plain(url: httpx2.URL) -> httpx2.URL:
    return url.copy_with(userinfo=b"", query=None, fragment=None)
