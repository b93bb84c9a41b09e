"""The application: routes of one gateway behind one guard."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from executus_gateway.api import Api, MethodCall
from executus_gateway.mcp import HttpEndpoint
from executus_gateway.server.doors import CONSOLE
from executus_gateway.server.eventstream import EventStream
from executus_gateway.server.guard import MAX_BODY_BYTES, Guard, cookie_name
from executus_gateway.server.refusal import Refusal
from executus_gateway.server.rpc import Rpc
from executus_gateway.server.tickets import Tickets
from executus_gateway.service import Gateway
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["make_app"]


def make_app(
    gateway: Gateway,
    *,
    token: str,
    port: int,
    agent_token: str = "",
    console: Sequence[BaseRoute] = (),
    methods: Mapping[str, MethodCall] | None = None,
    about: Mapping[str, Any] | None = None,
    tickets: Tickets | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    clock: Clock = SYSTEM_CLOCK,
) -> Starlette:
    """An ASGI application; serve it on loopback, with its lifespan.

    Args:
        gateway: An open one; it stays the caller's to close.
        token: What programs must send with every request.
        agent_token: What agents must send, good for `/mcp` alone: one who has a shell must not find
            in its environment what answers its own questions.
        port: Where it will be reached: other ports in `Host` and `Origin` are refused.
        console: Routes below `/console`. A browser with a session reaches them; what writes comes
            from a page of this very address.
        methods: Of `/rpc`, beside those of `api.Api`; they go first.
        about: Told at `/health`; no secrets.
        tickets: For browsers; `login.ticket` of `/rpc` makes one.
        max_body_bytes: Of one request.
        clock: Times the signs of life of event streams.
    """
    tickets = tickets or Tickets(clock=clock)
    endpoint = HttpEndpoint(gateway, max_body_bytes=max_body_bytes)
    login = _Login(tickets, port)
    rpc = Rpc(Api(gateway), {"login.ticket": login.ticket, **(methods or {})})
    told = {"status": "ok", **(about or {})}

    async def health(request: Request) -> Response:
        del request
        return JSONResponse(told)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        del app
        async with endpoint.running():
            yield

    return Starlette(
        routes=[
            Route("/mcp", endpoint),
            Route("/rpc", rpc.answer, methods=["POST"]),
            Route("/events", EventStream(gateway, clock).answer, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            Route("/login", login.enter, methods=["GET"]),
            Mount(CONSOLE, routes=list(console)),
        ],
        middleware=[
            Middleware(
                Guard,
                token=token,
                agent_token=agent_token,
                port=port,
                tickets=tickets,
                max_body_bytes=max_body_bytes,
            )
        ],
        lifespan=lifespan,
    )


class _Login:
    """A ticket out, a session in."""

    def __init__(self, tickets: Tickets, port: int) -> None:
        self._tickets = tickets
        self._port = port

    async def ticket(self, params: Mapping[str, Any]) -> Any:
        del params
        return {"path": f"/login?ticket={self._tickets.issue()}"}

    async def enter(self, request: Request) -> Response:
        session = self._tickets.redeem(request.query_params.get("ticket", ""))
        if session is None:
            return Refusal(
                status=403,
                code="bad_ticket",
                message="this login was used or is too old: run `executus-gateway open` again",
            ).response()
        response = RedirectResponse(f"{CONSOLE}/", status_code=303)
        # Not for other paths: a page's session opens the console and nothing else.
        response.set_cookie(
            cookie_name(self._port), session, path=CONSOLE, httponly=True, samesite="strict"
        )
        return response
