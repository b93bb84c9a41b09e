"""A call that is not allowed, as data: for the model, the events and the audit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from majordomo.llm import ToolCallPart, ToolResultPart

__all__ = ["Denial", "PermissionStage", "denied_result"]


class PermissionStage(StrEnum):
    """Where a call was refused."""

    VISIBILITY = "visibility"
    """This caller may not know of the tool."""
    GRANT = "grant"
    """The agent was not granted it, or was denied it."""
    CALL = "call"
    """This call, with these arguments, was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Why a tool is not to be had.

    Attributes:
        name: The registered name.
        stage: Where it was refused.
        reason: One clause, for the audit. Of a `VISIBILITY` denial it must not reach the model.
    """

    name: str
    stage: PermissionStage
    reason: str


def denied_result(call: ToolCallPart, reason: str, stage: PermissionStage) -> ToolResultPart:
    """What a refused call is answered with: what happened, and what the model can do instead.

    A tool the caller may not know of is answered like one that does not exist, without the reason.
    """
    match stage:
        case PermissionStage.VISIBILITY:
            text = f"there is no tool named {call.name!r}; use those you were offered"
        case PermissionStage.GRANT:
            text = (
                f"{call.name} is not available to you: {reason}. "
                "Use the tools you were offered, or answer without it."
            )
        case PermissionStage.CALL:
            text = (
                f"{call.name} was not executed: {reason}. Do not repeat this call as it is; "
                "change it, take another way, or say what could not be done."
            )
    return ToolResultPart(call_id=call.id, name=call.name, text=text, is_error=True)
