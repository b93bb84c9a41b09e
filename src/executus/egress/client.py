"""The guarded client: each hop is read, judged, resolved, judged again, then dialled."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import httpcore2

from executus.egress.addresses import Address, Network, plain
from executus.egress.connector import TCP_CONNECTOR, Connector
from executus.egress.decoding import BodyReader, Oversize
from executus.egress.errors import EgressFailed, EgressRefused
from executus.egress.exchange import Answer, Wiring, exchange
from executus.egress.hosts import parse_host
from executus.egress.keptbackend import KeptBackend
from executus.egress.policy import EgressPolicy
from executus.egress.request import Headers, OutboundRequest, build_request, follow, is_redirect
from executus.egress.resolver import SYSTEM_RESOLVER, Resolver
from executus.egress.response import EgressResponse, RedirectHop
from executus.egress.urls import Target
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["Egress"]

MAX_BYTES = 10 * 1024 * 1024
MAX_REDIRECTS = 5
TIMEOUT_S = 30.0

_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """One request's own settings, the same for all its hops."""

    max_bytes: int
    max_encoded_bytes: int
    oversize: Oversize
    redirects: bool
    secret_headers: Collection[str]
    resend_body: bool

    def reader(self, target: Target, status: int, headers: Headers) -> BodyReader | None:
        if self.redirects and is_redirect(status, headers):
            return None
        return BodyReader(
            ", ".join(value for name, value in headers if name == "content-encoding"),
            host=target.host.text,
            max_bytes=self.max_bytes,
            max_encoded_bytes=self.max_encoded_bytes,
            oversize=self.oversize,
        )


class Egress:
    """Requests to the public internet, on behalf of something that is not trusted.

    Safe to share between tasks, loops and threads: nothing is kept from one request to the next.
    Proxies, netrc and cookies are never used.

    >>> import anyio
    >>> async def ask(url: str) -> None:
    ...     try:
    ...         await Egress().fetch("GET", url)
    ...     except EgressRefused as error:
    ...         print(error.reason, "-", error)
    >>> anyio.run(ask, "http://169.254.169.254/latest/meta-data/")
    ... # doctest: +NORMALIZE_WHITESPACE
    address - 169.254.169.254 is at 169.254.169.254, an address of cloud metadata: to allow it, add
    '169.254.169.254' to allow_hosts

    Args:
        allow_hosts: Hosts that may be internal, `name` or `name:port`, spelled exactly; no others
            are kept out by it. Whatever such a name resolves to is dialled.
        allow_networks: Networks that may be reached by any name, cloud metadata excepted.
        allow_ports: The only ports; None is all but those of services that are not HTTP
            (`BLOCKED_PORTS`). A port named in `allow_hosts` is always open there.
        max_redirects: Redirects followed per request; one more is refused.
        timeout_s: Seconds for a request in all: every lookup, hop and byte.
        max_bytes: Bound of the decoded body.
        max_encoded_bytes: Bound of the body as sent, and of each layer of a nested encoding; None
            is a little over the request's `max_bytes`, for data that does not shrink.
        resolver: Looks names up.
        connector: Opens sockets, to checked addresses only.
        clock: Keeps the deadline.
        tls: Whom to believe; None is the system's store. Names are verified as it says.

    Raises:
        SetupError: An entry of an allow-list cannot be read.
    """

    __slots__ = (
        "_max_bytes",
        "_max_encoded_bytes",
        "_max_redirects",
        "_policy",
        "_resolver",
        "_timeout_s",
        "_wiring",
    )

    def __init__(
        self,
        *,
        allow_hosts: Collection[str] = (),
        allow_networks: Collection[str | Network] = (),
        allow_ports: Collection[int] | None = None,
        max_redirects: int = MAX_REDIRECTS,
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = MAX_BYTES,
        max_encoded_bytes: int | None = None,
        resolver: Resolver = SYSTEM_RESOLVER,
        connector: Connector = TCP_CONNECTOR,
        clock: Clock = SYSTEM_CLOCK,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = EgressPolicy(
            allow_hosts=allow_hosts, allow_networks=allow_networks, allow_ports=allow_ports
        )
        self._wiring = Wiring(connector=connector, clock=clock, tls=tls)
        self._resolver = resolver
        self._max_redirects = max_redirects
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._max_encoded_bytes = max_encoded_bytes

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        content: bytes | None = None,
        timeout_s: float | None = None,
        max_bytes: int | None = None,
        oversize: Oversize = "error",
        redirects: bool = True,
        secret_headers: Collection[str] = (),
        resend_body: bool = False,
    ) -> EgressResponse:
        """Send one request and read its answer whole.

        Args:
            method: Any but CONNECT, TRACE and TRACK.
            url: Absolute, http or https, without credentials.
            headers: Sent as given, but for those that frame the message or name the host.
            content: The body.
            timeout_s: Instead of the client's.
            max_bytes: Instead of the client's.
            oversize: At a bound of the body: `error`, or `cut` and mark the answer `truncated`.
            redirects: Follow them; else a redirect is an answer like any other.
            secret_headers: Names never sent on to another origin, beside `SECRET_HEADERS`.
            resend_body: Repeat the body where a 307 or 308 (or a 301 or 302 that keeps its method)
                points to another origin.

        Raises:
            EgressRefused: The guard said no, at any hop.
            EgressFailed: The network, the server or the time failed it.
        """
        request = build_request(method, url, headers=headers, content=content)
        most = self._max_bytes if max_bytes is None else max_bytes
        limit = self._timeout_s if timeout_s is None else timeout_s
        options = _Options(
            max_bytes=most,
            max_encoded_bytes=self._max_encoded_bytes or most + most // 8 + 64 * 1024,
            oversize=oversize,
            redirects=redirects,
            secret_headers=tuple(secret_headers),
            resend_body=resend_body,
        )
        with self._wiring.clock.deadline(limit):
            return await self._walk(request, options)
        host = request.target.host.text
        raise EgressFailed(
            f"the request to {host} took over {limit:g} s: raise timeout_s",
            reason="time",
            host=host,
        )

    async def lookup(self, host: str, *, timeout_s: float | None = None) -> Sequence[Address]:
        """Look a name up as a request over https would, and judge the answers the same.

        Args:
            host: A name or an address, without scheme, port or path.
            timeout_s: Instead of the client's.

        Returns:
            The addresses that may be dialled, in order; at least one.

        Raises:
            EgressRefused: Not a host, or one that may not be reached.
            EgressFailed: The lookup failed or took too long.
        """
        target = Target(scheme="https", host=parse_host(host), port=443, path="/")
        limit = self._timeout_s if timeout_s is None else timeout_s
        with self._wiring.clock.deadline(limit):
            return await self._checked_addresses(target)
        raise EgressFailed(
            f"the lookup of {target.host.text} took over {limit:g} s: raise timeout_s",
            reason="time",
            host=target.host.text,
        )

    def kept_backend(self) -> httpcore2.AsyncNetworkBackend:
        """The guard for an HTTP client that keeps its connections: give it to a pool of httpcore2.

        Every connection is looked up, judged and pinned as those of `fetch`; redirects, bodies and
        time are the client's own to bound.
        """
        return KeptBackend(self._judged, connector=self._wiring.connector, clock=self._wiring.clock)

    async def _judged(self, target: Target) -> Sequence[Address]:
        self._policy.check_port(target)
        return await self._checked_addresses(target)

    async def _walk(self, request: OutboundRequest, options: _Options) -> EgressResponse:
        history: list[RedirectHop] = []
        while True:
            answer = await self._hop(request, options)
            if not options.redirects or not is_redirect(answer.status, answer.headers):
                return EgressResponse(
                    status=answer.status,
                    headers=answer.headers,
                    body=answer.body,
                    truncated=answer.truncated,
                    url=request.target.url,
                    address=answer.address,
                    history=tuple(history),
                )
            history.append(RedirectHop(status=answer.status, url=request.target.url))
            request = self._next(request, answer, options, len(history))

    def _next(
        self, request: OutboundRequest, answer: Answer, options: _Options, followed: int
    ) -> OutboundRequest:
        if followed > self._max_redirects:
            host = request.target.host.text
            raise EgressRefused(
                f"{host} redirects once more after {self._max_redirects} redirects: raise "
                "max_redirects if this is not a loop",
                reason="redirect",
                host=host,
            )
        return follow(
            request,
            answer.status,
            answer.headers,
            secret_headers=options.secret_headers,
            resend_body=options.resend_body,
        )

    async def _hop(self, request: OutboundRequest, options: _Options) -> Answer:
        target = request.target
        return await exchange(
            request,
            await self._judged(target),
            self._wiring,
            # Framing may double a body at most.
            max_wire_bytes=2 * options.max_encoded_bytes,
            reader_for=lambda status, headers: options.reader(target, status, headers),
        )

    async def _checked_addresses(self, target: Target) -> Sequence[Address]:
        self._policy.check_host(target)
        host = target.host
        if host.address is not None:
            return (plain(host.address),)
        try:
            answers = await self._resolver.resolve(host.text, target.port)
        except OSError as error:
            raise EgressFailed(
                f"{host.text} cannot be resolved: {error}", reason="dns", host=host.text
            ) from error
        if not answers:
            raise EgressFailed(f"{host.text} has no address", reason="dns", host=host.text)
        return self._policy.check_addresses(target, answers)
