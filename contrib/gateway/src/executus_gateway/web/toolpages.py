"""Tools: all of them, those that fit some words, and one with its arguments and its policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request

from executus_gateway.domain import Found
from executus_gateway.errors import UnknownId
from executus_gateway.schema import PolicyDecision, PolicyRule
from executus_gateway.service import Gateway
from executus_gateway.web.paging import PAGE_ITEMS, Paged, paged
from executus_gateway.web.rendering import View
from executus_gateway.web.words import first_line

__all__ = ["tool_page", "tools_page"]

MOST_HITS = 20 * PAGE_ITEMS
"""Of a search: further ones fit so badly that other words help more than another page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parameter:
    """One argument of a tool."""

    name: str
    type: str
    required: bool
    about: str


def tools_page(gateway: Gateway, request: Request) -> View:
    """Tools of all sources; the address's `q` and `source` choose some."""
    words = request.query_params.get("q", "").strip()[:500]
    namespace = request.query_params.get("source", "")
    page = paged(_found(gateway, words, namespace), request)
    return View(
        template="tools.html",
        title="Tools",
        section="tools",
        data={
            "page": page,
            "decisions": _decisions(gateway, page),
            "words": words,
            "source": namespace,
            "sources": gateway.sources.list(),
        },
    )


def tool_page(gateway: Gateway, request: Request) -> View:
    """One tool."""
    path = request.path_params["path"]
    found = gateway.sources.catalogs.find(path)
    if found is None:
        raise UnknownId(f"there is no tool {path[:200]!r}: search for it")
    tool = gateway.sources.describe(found)
    decision = gateway.policies.explain(path)
    return View(
        template="tool.html",
        title=path,
        section="tools",
        data={
            "path": path,
            "tool": tool,
            "source": gateway.sources.require(found.source),
            "decision": decision,
            "beaten": _rules(gateway, decision),
            "parameters": _parameters(tool.input_schema),
        },
    )


def _found(gateway: Gateway, words: str, namespace: str) -> Sequence[Found]:
    catalogs = gateway.sources.catalogs
    if words:
        return catalogs.search(
            words, namespace=namespace, limit=MOST_HITS, visible=lambda found: True
        )
    prefix = f"{namespace}." if namespace else ""
    chosen = [found for found in catalogs.all() if found.path.startswith(prefix)]
    return sorted(chosen, key=lambda found: found.path)


def _decisions(gateway: Gateway, page: Paged[Found]) -> dict[str, PolicyDecision]:
    return {found.path: gateway.policies.explain(found.path) for found in page.items}


def _rules(gateway: Gateway, decision: PolicyDecision) -> list[PolicyRule]:
    return [rule for rule in gateway.policies.list() if rule.id in decision.beaten]


def _parameters(schema: dict[str, Any]) -> list[_Parameter]:
    properties: Any = schema.get("properties")
    required: Sequence[str] = schema.get("required") or ()
    if not isinstance(properties, dict):
        return []
    return [
        _parameter(name, about, required=name in required)
        for name, about in cast("dict[str, Any]", properties).items()
    ]


def _parameter(name: str, about: Any, *, required: bool) -> _Parameter:
    known = cast("dict[str, Any]", about) if isinstance(about, dict) else {}
    told = "one of" if "enum" in known else _type(known)
    choices = ", ".join(map(str, known.get("enum") or ()))
    about = first_line(" ".join((choices, str(known.get("description") or ""))))
    return _Parameter(name=name, type=told, required=required, about=about)


def _type(known: dict[str, Any]) -> str:
    """As the schema says it; of what is defined elsewhere in it, the name there."""
    kind: Any = known.get("type")
    if isinstance(kind, list):
        return " or ".join(map(str, cast("list[Any]", kind)))
    return str(kind or str(known.get("$ref", "any")).rpartition("/")[2])
