"""Which HTTP proxy to use for a host, by the environment (`HTTPS_PROXY`, …) or by hand."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

from majordomo.errors import ErrorKind
from majordomo.http.transport import TransportError

__all__ = ["Proxies"]


class Proxies:
    """Proxies by scheme, and the hosts that are reached without one.

    Args:
        only: URL of the proxy for everything; "" for none; None for what the environment, or the
            system's settings, say now.
    """

    __slots__ = ("_by_scheme", "_excludes")

    def __init__(self, only: str | None = None) -> None:
        found = getproxies() if only is None else {"all": only}
        self._by_scheme = {
            scheme: proxy if "://" in proxy else f"http://{proxy}"
            for scheme in ("http", "https")
            if (proxy := found.get(scheme) or found.get("all"))
        }
        self._excludes = proxy_bypass if only is None else _nothing

    def find(self, scheme: str, host: str | None, port: int | None) -> str | None:
        """The proxy for a host: its URL, credentials and all; None for none.

        Args:
            scheme: `http` or `https`.
            host: Its name or address.
            port: The port there.

        Raises:
            TransportError: It is of a kind that is not HTTP.
        """
        proxy = self._by_scheme.get(scheme)
        if proxy is None or self._excludes(f"{host}:{port}"):
            return None
        kind = proxy.partition("://")[0].lower()
        if kind not in ("http", "https"):
            raise TransportError(
                f"a proxy of kind {kind!r} is set, but this transport uses HTTP proxies only:"
                " use the default transport or another proxy",
                code="proxy_failed",
                kind=ErrorKind.PERMANENT,
                safe_to_replay=True,
            )
        return proxy


def _nothing(host: str) -> bool:
    del host
    return False
