"""What a server that speaks Chat Completions deviates in: data, not code (wire/openai §11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from majordomo.llm.output import OutputMode

__all__ = ["Dialect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Requests as one server takes them; the defaults are api.openai.com's.

    Attributes:
        legacy_max_tokens: Send `max_tokens` instead of `max_completion_tokens`.
        system_role: Role of the system text.
        stream_usage: Ask for usage in streams (`stream_options`); some servers refuse the field.
        strict: Mark schemas as strict where they are.
        forced_tool_choice: `required` and named tool choices are understood; otherwise the wish
            is dropped and the model decides.
        parallel_tool_calls: The field of that name is understood.
        sampling_extras: `seed` and `service_tier` are understood.
        string_content: Message content must be one string; images are then refused.
        null_content: Content may be null beside tool calls; otherwise it is sent as "".
        vision: Whether images may be sent; None leaves that to the server.
        output: How an output schema is told.
    """

    legacy_max_tokens: bool = False
    system_role: Literal["system", "developer"] = "system"
    stream_usage: bool = True
    strict: bool = True
    forced_tool_choice: bool = True
    parallel_tool_calls: bool = True
    sampling_extras: bool = True
    string_content: bool = False
    null_content: bool = True
    vision: bool | None = None
    output: OutputMode = OutputMode.NATIVE
