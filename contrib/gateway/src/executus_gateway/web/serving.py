"""How a page and a form's request are answered: headers, sentences for errors, nothing stored."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from executus_gateway.domain import MisfitArguments
from executus_gateway.errors import GatewayError, UnknownId
from executus_gateway.service import Gateway
from executus_gateway.web.fields import Fields, fields_of
from executus_gateway.web.rendering import View, rendered

__all__ = ["HEADERS", "Act", "Done", "MakeView", "action_route", "page_route"]

logger = logging.getLogger("executus_gateway.web")

MAX_BODY_BYTES = 1024 * 1024
_FAULT = "the gateway failed; its log has fault {}"

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """That what a form asked for was done.

    Attributes:
        said: One sentence for the person.
        go: Where the browser goes, below the console's own path; empty to stay.
    """

    said: str
    go: str = ""


MakeView: TypeAlias = Callable[[Gateway, Request], View]
"""A page; raises `GatewayError` with a sentence for the person."""

Act: TypeAlias = Callable[[Gateway, Fields], Awaitable[Done]]
"""Does what a form asks for; raises `GatewayError` with a sentence for the person."""


def page_route(path: str, gateway: Gateway, make: MakeView, *, edition: str) -> Route:
    """A page, to be read with or without script.

    Pages are made of records alone, so one that a browser has is made anew after an event only.

    Args:
        path: Its address.
        gateway: What it is about.
        make: Makes it.
        edition: Another one for each start: its pages may be made otherwise.
    """

    async def endpoint(request: Request) -> Response:
        tag = f'"{edition}-{gateway.ledger.sequence}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={**HEADERS, "ETag": tag})
        try:
            return _page(request, gateway, make(gateway, request), {**HEADERS, "ETag": tag})
        except GatewayError as error:
            return _page(request, gateway, _trouble(*_told(error)), HEADERS)
        except Exception:
            fault = _fault(gateway)
            logger.exception("fault %s at %s", fault, request.url.path)
            return _page(request, gateway, _trouble(_FAULT.format(fault), 500), HEADERS)

    return Route(path, endpoint, methods=["GET"])


def _page(
    request: Request, gateway: Gateway, view: View, headers: Mapping[str, str]
) -> HTMLResponse:
    html = rendered(view, root=_root(request), pending=len(gateway.inbox()))
    return HTMLResponse(html, status_code=view.status, headers=headers)


def action_route(path: str, gateway: Gateway, act: Act) -> Route:
    """What a form of the page sends: JSON alone, which no other origin's form can."""

    async def endpoint(request: Request) -> Response:
        try:
            return await _acted(request, gateway, act)
        except (GatewayError, MisfitArguments, ValidationError) as error:
            return _said(*_told(error))
        except Exception:
            fault = _fault(gateway)
            logger.exception("fault %s at %s", fault, request.url.path)
            return _said(_FAULT.format(fault), 500)

    return Route(path, endpoint, methods=["POST"])


async def _acted(request: Request, gateway: Gateway, act: Act) -> Response:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return _said("forms are sent as JSON, by the console's script", 415)
    body = await _body(request)
    if body is None:
        return _said("that is more than a form may hold", 413)
    done = await act(gateway, fields_of(body))
    go = f"{_root(request)}/{done.go}" if done.go else ""
    return JSONResponse({"said": done.said, "go": go}, headers=HEADERS)


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


async def _body(request: Request) -> bytes | None:
    """The body, or None when it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _said(sentence: str, status: int) -> Response:
    return JSONResponse({"said": sentence}, status_code=status, headers=HEADERS)


def _trouble(sentence: str, status: int) -> View:
    title = "Not found" if status == 404 else "That did not work"
    data = {"sentence": sentence}
    return View(template="trouble.html", title=title, section="", data=data, status=status)


def _told(error: Exception) -> tuple[str, int]:
    """The sentence for a person and the status; what was sent is not in it, it may be a secret."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}", 400
    return str(error), 404 if isinstance(error, UnknownId) else 400


def _fault(gateway: Gateway) -> str:
    return gateway.ledger.new_id("ask").removeprefix("ask_")[:12]
