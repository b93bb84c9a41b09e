"""The console's addresses, to be mounted anywhere."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from executus_gateway.service import Gateway
from executus_gateway.web.inboxpage import answer_question, inbox_page
from executus_gateway.web.overviewpage import overview_page
from executus_gateway.web.policypages import add_policy, policies_page, remove_policy
from executus_gateway.web.runpages import cancel_run, run_page, runs_page
from executus_gateway.web.serving import HEADERS, Act, MakeView, action_route, page_route
from executus_gateway.web.sourcepages import (
    add_source,
    connect_source,
    refresh_source,
    remove_source,
    source_page,
    sources_page,
)
from executus_gateway.web.toolpages import tool_page, tools_page

__all__ = ["console_routes"]

_PAGES: Final[dict[str, MakeView]] = {
    "/": overview_page,
    "/inbox": inbox_page,
    "/runs": runs_page,
    "/runs/{run}": run_page,
    "/tools": tools_page,
    "/tools/{path:path}": tool_page,
    "/sources": sources_page,
    "/sources/{source}": source_page,
    "/policies": policies_page,
}
_ACTIONS: Final[dict[str, Act]] = {
    "/act/inbox.answer": answer_question,
    "/act/runs.cancel": cancel_run,
    "/act/sources.add": add_source,
    "/act/sources.refresh": refresh_source,
    "/act/sources.remove": remove_source,
    "/act/sources.connect": connect_source,
    "/act/policies.add": add_policy,
    "/act/policies.remove": remove_policy,
}
_FILES: Final = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}


def console_routes(gateway: Gateway) -> list[BaseRoute]:
    """The console of an open gateway, as routes for a Starlette application.

    They work below any path, and judge no one: whoever mounts them checks who asks (a cookie or
    a token), the Host and the Origin. What changes something is a POST of JSON; all else is GET.

    Args:
        gateway: What is shown and changed.
    """
    edition = gateway.ledger.new_id("ask").removeprefix("ask_")
    return [
        *(page_route(path, gateway, make, edition=edition) for path, make in _PAGES.items()),
        *(action_route(path, gateway, act) for path, act in _ACTIONS.items()),
        *(_file_route(name, kind) for name, kind in _FILES.items()),
    ]


def _file_route(name: str, kind: str) -> Route:
    content = files("executus_gateway.web").joinpath("static", name).read_bytes()

    async def endpoint(request: Request) -> Response:
        del request
        return Response(content, media_type=kind, headers=HEADERS)

    return Route(f"/static/{name}", endpoint, methods=["GET"])
