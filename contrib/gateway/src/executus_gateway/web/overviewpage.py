"""The first page: what waits, what runs, what is wrong, and what there is."""

from __future__ import annotations

from starlette.requests import Request

from executus_gateway.service import Gateway
from executus_gateway.web.rendering import View

__all__ = ["overview_page"]

RECENT_RUNS = 8


def overview_page(gateway: Gateway, request: Request) -> View:
    """The page."""
    del request
    runs, sources = gateway.runs(), gateway.sources.list()
    return View(
        template="overview.html",
        title="Overview",
        section="overview",
        poll_ms=2000,
        data={
            "questions": gateway.inbox(),
            "running": [run for run in runs if run.state in {"running", "paused"}],
            "recent": runs[: -RECENT_RUNS - 1 : -1],
            "runs": len(runs),
            "sources": sources,
            "troubled": [one for one in sources if one.state in {"auth_required", "error"}],
            "tools": sum(source.tool_count for source in sources),
            "rules": len(gateway.policies.list()),
        },
    )
