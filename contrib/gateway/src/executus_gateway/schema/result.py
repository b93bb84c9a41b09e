"""What a tool call gives to the code that made it: data, or an error it can act on."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field

from executus_gateway.schema.record import Value

__all__ = ["ErrorCode", "ToolError", "ToolFailed", "ToolOk", "ToolResult"]

ErrorCode: TypeAlias = Literal[
    "unknown_tool",  # suggestions say what was meant
    "invalid_arguments",  # nothing was sent, nobody was asked
    "denied",  # by a policy
    "declined",  # by a person
    "expired",  # nobody answered in time
    "auth_required",  # a credential is missing
    "source_error",  # the source could not be reached, or broke the protocol
    "tool_error",  # the source answered that it failed
    "too_large",  # nothing of the answer could be kept; the call may have taken effect
    "interrupted",  # the gateway was restarted: it is not known whether it took effect
    "limit",  # of calls per run
    "internal",  # a fault in the gateway, told by its id alone
]


class ToolError(Value):
    """Why a call failed.

    Attributes:
        code: For the code.
        message: One sentence for the model.
        suggestions: Paths that may have been meant.
        status: HTTP status of the source's answer.
        detail: What the source said, as JSON; capped.
    """

    code: ErrorCode
    message: str
    suggestions: tuple[str, ...] = ()
    status: int | None = None
    detail: Any = None


class ToolOk(Value):
    """A call that succeeded.

    Attributes:
        data: JSON value.
    """

    ok: Literal[True] = True
    data: Any = None


class ToolFailed(Value):
    """A call that did not."""

    ok: Literal[False] = False
    error: ToolError = Field(...)


ToolResult: TypeAlias = ToolOk | ToolFailed
