"""`tools.search` and `tools.describe`: how a model finds tools it was not told of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from executus_gateway.domain import Found, MisfitArguments
from executus_gateway.schema import PolicyDecision
from executus_gateway.service.controls import Control, Controls, object_schema
from executus_gateway.sources import SourceManager

__all__ = ["search_controls"]

DEFAULT_HITS = 10
MAX_HITS = 50


class _SearchControls:
    def __init__(
        self,
        sources: SourceManager,
        controls: Controls,
        decision: Callable[[Found], PolicyDecision],
    ) -> None:
        self._sources = sources
        self._controls = controls
        self._decision = decision

    def _visible(self, found: Found) -> bool:
        return self._decision(found).action != "deny"

    async def search(self, arguments: Mapping[str, Any]) -> Any:
        hits = self._sources.catalogs.search(
            arguments["query"],
            namespace=arguments.get("source", ""),
            limit=min(arguments.get("limit", DEFAULT_HITS), MAX_HITS),
            visible=self._visible,
        )
        return [
            {
                "path": hit.path,
                "summary": hit.summary.summary,
                "effect": hit.summary.effect,
                "policy": self._decision(hit).action,
            }
            for hit in hits
        ]

    async def describe(self, arguments: Mapping[str, Any]) -> Any:
        path = arguments["path"].removeprefix("tools.")
        if (control := self._controls.find(path)) is not None:
            return {
                "path": path,
                "description": control.description,
                "input_schema": dict(control.schema),
            }
        found = self._sources.catalogs.find(path)
        if found is None or not self._visible(found):
            close = self._sources.catalogs.suggest(path, self._visible)
            hint = f"; did you mean {', '.join(close)}?" if close else ""
            raise MisfitArguments(f"there is no tool {path}{hint}")
        tool = self._sources.describe(found)
        decision = self._decision(found)
        return {
            "path": path,
            "call": f"tools.{path}({', '.join(_required(tool.input_schema))})",
            "description": tool.description,
            "effect": tool.effect,
            "policy": decision.action,
            "input_schema": tool.input_schema,
            **({"output_schema": tool.output_schema} if tool.output_schema else {}),
        }


def search_controls(
    sources: SourceManager, controls: Controls, decision: Callable[[Found], PolicyDecision]
) -> tuple[Control, ...]:
    """The controls.

    Args:
        sources: Have the tools.
        controls: Are described as well.
        decision: What the policies say of a tool.
    """
    made = _SearchControls(sources, controls, decision)
    return (
        Control(
            path="search",
            description="Find tools by words. Gives a list of {path, summary, effect, policy}.",
            schema=object_schema(
                "query",
                query={"type": "string", "minLength": 1, "maxLength": 500},
                source={"type": "string"},
                limit={"type": "integer", "minimum": 1, "maximum": MAX_HITS},
            ),
            run=made.search,
        ),
        Control(
            path="describe",
            description="All about one tool, the JSON Schema of its arguments included.",
            schema=object_schema("path", path={"type": "string"}),
            run=made.describe,
        ),
    )


def _required(schema: Mapping[str, Any]) -> list[str]:
    required: list[str] = list(schema.get("required") or [])
    return [f"{name}=…" for name in required]
