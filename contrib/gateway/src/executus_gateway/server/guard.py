"""Who may come in: every request passes here before anything of it is looked at (ADR 0173)."""

from __future__ import annotations

import hmac
from collections.abc import MutableMapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from executus_gateway.server.body import read_capped, replayed
from executus_gateway.server.doors import Door, door_of
from executus_gateway.server.refusal import Refusal
from executus_gateway.server.tickets import Tickets

__all__ = ["MAX_BODY_BYTES", "Guard", "cookie_name"]

MAX_BODY_BYTES: Final = 4 * 1024 * 1024

_HARDENING: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}
_ASKS_FOR_TOKEN: Final = {"www-authenticate": "Bearer"}
_READS: Final = frozenset({"GET", "HEAD"})


def cookie_name(port: int) -> str:
    """Cookies know no ports: two gateways of one machine must not overwrite each other's."""
    return f"executus_gateway_{port}"


class Guard:
    """An ASGI application around another, for one address on loopback.

    Args:
        app: What is guarded.
        token: Bearer token for all paths.
        agent_token: Bearer token for agents, good for `/mcp` alone; empty for none.
        port: The one that is listened on; what other names or ports a request claims is refused.
        tickets: Knows the browsers' sessions.
        max_body_bytes: Of one request.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        token: str,
        port: int,
        tickets: Tickets,
        agent_token: str = "",
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        if not token:
            raise ValueError("the token is empty: everybody would know it")
        self._app = app
        self._token = token.encode()
        self._agent_token = agent_token.encode()
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._cookie = cookie_name(port)
        self._tickets = tickets
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self._refusal(scope)
        body = b"" if refusal else await read_capped(receive, self._max_body_bytes)
        if body is None:
            told = f"the request is over {self._max_body_bytes} bytes"
            refusal = Refusal(status=413, code="too_large", message=told)
        if refusal is not None or body is None:
            assert refusal is not None  # noqa: S101 - set above
            await refusal.response()(scope, receive, _hardened(send))
            return
        await self._app(scope, replayed(body, receive), _hardened(send))

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        if (refusal := self._from_elsewhere(headers)) is not None:
            return refusal
        door = door_of(scope["path"])
        has_token = self._has_token(headers, door)
        if door is None:
            return _UNKNOWN_PATH if has_token else _NO_TOKEN
        if scope["method"] not in door.methods:
            allowed = ", ".join(sorted(door.methods))
            return Refusal(
                status=405,
                code="bad_method",
                message=f"this path takes {allowed} only",
                headers={"allow": allowed},
            )
        if not (door.open or has_token):
            if not (door.browser and self._has_session(scope)):
                return _NO_LOGIN if door.browser else _NO_TOKEN
            if scope["method"] not in _READS and headers.get("origin") not in self._origins:
                return _FOREIGN_ORIGIN  # a browser says where a write comes from, or has no say
        return self._unfit_body(headers, scope)

    def _from_elsewhere(self, headers: Headers) -> Refusal | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return _FOREIGN_HOST
        origins = headers.getlist("origin")
        if any(origin.lower() not in self._origins for origin in origins):
            return _FOREIGN_ORIGIN
        site = headers.get("sec-fetch-site", "none")
        is_visit = headers.get("sec-fetch-mode") == "navigate"
        if site not in {"none", "same-origin"} and not is_visit:
            return _FOREIGN_ORIGIN
        return None

    def _has_token(self, headers: Headers, door: Door | None) -> bool:
        given = headers.getlist("authorization")
        if len(given) != 1:
            return False
        scheme, _, value = given[0].partition(" ")
        token = value.strip().encode("latin-1", "replace")
        is_ours = hmac.compare_digest(token, self._token)
        is_agents = bool(self._agent_token) and hmac.compare_digest(token, self._agent_token)
        opens = is_ours or (is_agents and door is not None and door.agent)
        return opens and scheme.lower() == "bearer"

    def _has_session(self, scope: Scope) -> bool:
        session = HTTPConnection(scope).cookies.get(self._cookie, "")
        return bool(session) and self._tickets.knows(session)

    def _unfit_body(self, headers: Headers, scope: Scope) -> Refusal | None:
        if scope["method"] == "POST":
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":  # no page of another site can send it unasked
                return _NOT_JSON
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._max_body_bytes:
            told = f"the request is over {self._max_body_bytes} bytes"
            return Refusal(status=413, code="too_large", message=told)
        return None


def _hardened(send: Send) -> Send:
    async def harden(message: Message) -> None:
        if message["type"] == "http.response.start":
            _add_missing(message)
        await send(message)

    return harden


def _add_missing(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HARDENING.items():
        headers.setdefault(name, value)


_FOREIGN_HOST = Refusal(
    status=421,
    code="bad_host",
    message="this gateway answers as 127.0.0.1, localhost or [::1] with its own port, to no other "
    "name",
)
_FOREIGN_ORIGIN = Refusal(
    status=403, code="bad_origin", message="this gateway takes no requests from other pages"
)
_NO_TOKEN = Refusal(
    status=401,
    code="unauthorized",
    message="send the token of the gateway's folder as `Authorization: Bearer …`",
    headers=_ASKS_FOR_TOKEN,
)
_NO_LOGIN = Refusal(
    status=401,
    code="unauthorized",
    message="log in first: `executus-gateway open` opens the console",
    headers=_ASKS_FOR_TOKEN,
)
_UNKNOWN_PATH = Refusal(
    status=404,
    code="unknown_path",
    message="there are /mcp, /rpc, /events, /health, /login and /console here",
)
_NOT_JSON = Refusal(
    status=415, code="bad_content_type", message="send JSON, as `Content-Type: application/json`"
)
