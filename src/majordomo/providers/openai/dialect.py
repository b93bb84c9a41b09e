"""What a server that speaks Chat Completions deviates in: data, not code (wire/openai §11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from majordomo.llm.output import OutputMode

__all__ = ["Dialect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Requests as one server takes them; the defaults are api.openai.com's.

    Two deviations need no switch: all system text always goes into one leading message, and
    `store`, `metadata` and `prompt_cache_key` are sent only when `Settings.extra` holds them.

    Attributes:
        legacy_max_tokens: Send `max_tokens` instead of `max_completion_tokens`.
        system_role: Role of the system text.
        stream_usage: Ask for usage in streams (`stream_options`); some servers refuse the field.
        strict: Mark output schemas as strict where they are.
        forced_tool_choice: `required` and named tool choices are understood; otherwise the wish
            is dropped and the model decides.
        parallel_tool_calls: The field of that name is understood; otherwise it is dropped.
        sampling_extras: `seed` and `service_tier` are understood; otherwise they are dropped.
        string_content: Message content must be one string: images and documents are refused in
            user messages, and pointed out as missing in tool results.
        null_content: Content may be null beside tool calls; otherwise it is sent as "".
        vision: Whether images may be sent; None leaves that to the server.
        image_mimes: Image types that are taken (§9); empty when not known. Servers built on
            llama.cpp take only PNG and JPEG.
        max_image_pixels: Longest edge of an image. None: larger ones are reduced there.
        max_image_bytes: Size of one image, before base64.
        replay: Reasoning fields the server wants back on its own turns, of `reasoning_content`,
            `reasoning_details`, `reasoning`, and `thinking` (which goes back as a content part).
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
    image_mimes: frozenset[str] = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
    max_image_pixels: int | None = None
    max_image_bytes: int | None = 20_000_000
    replay: tuple[str, ...] = ("reasoning_content", "reasoning_details")
    output: OutputMode = OutputMode.NATIVE
