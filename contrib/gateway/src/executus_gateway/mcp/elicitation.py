"""Questions of ours as elicitations of the protocol, and their answers back."""

from __future__ import annotations

from typing import Any

from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.types import (
    ClientCapabilities,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
)
from pydantic import ValidationError

from executus_gateway.schema import Answer, Interaction

__all__ = ["SessionPrompter", "answered", "can_elicit", "elicitation", "expressible"]

_NOTE = {"note": {"type": "string", "title": "Note to the agent (optional)"}}
_PRIMITIVE = frozenset({"string", "number", "integer", "boolean"})


def can_elicit(capabilities: ClientCapabilities | None) -> bool:
    """Whether a client can show forms."""
    elicits = capabilities.elicitation if capabilities is not None else None
    return elicits is not None and (elicits.form is not None or elicits.url is None)


def expressible(question: Interaction) -> bool:
    """Whether the protocol may carry a question: no secrets, and forms of plain fields only."""
    match question.kind:
        case "approval" | "confirm":
            return True
        case "form":
            properties: dict[str, Any] = (question.fields or {}).get("properties") or {}
            return all(
                isinstance(schema, dict) and schema.get("type") in _PRIMITIVE  # pyright: ignore[reportUnknownMemberType]
                for schema in properties.values()
            )
        case "secret":
            return False


def elicitation(question: Interaction) -> ElicitRequest:
    """The request to a client."""
    fields = question.fields if question.kind == "form" else None
    return ElicitRequest(
        params=ElicitRequestFormParams(
            message=f"{question.title}\n\n{question.detail}".strip(),
            requested_schema=fields or {"type": "object", "properties": _NOTE},
        )
    )


def answered(question: Interaction, result: ElicitResult) -> Answer:
    """What the person said."""
    content = dict(result.content or {})
    note = "" if question.kind == "form" else str(content.get("note") or "")
    return Answer(
        verdict=result.action,
        values=content if question.kind == "form" else None,
        note=note,
        channel="elicitation",
    )


class SessionPrompter:
    """A `Prompter` for clients that can be asked while they wait for their call's result.

    Args:
        context: The call's.
    """

    def __init__(self, context: ServerRequestContext[Any]) -> None:
        self._context = context
        self._lost = False

    def reaches(self, interaction: Interaction) -> bool:
        """Whether this client can put it."""
        return not self._lost and expressible(interaction)

    async def ask(self, interaction: Interaction) -> Answer | None:
        """Ask it."""
        params = elicitation(interaction).params
        if not isinstance(params, ElicitRequestFormParams):
            return None
        try:
            result = await self._context.session.elicit_form(
                params.message, params.requested_schema, self._context.request_id
            )
        except (MCPError, ValidationError, OSError, RuntimeError):
            self._lost = True
            return None
        return answered(interaction, result)
