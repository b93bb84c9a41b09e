"""OpenAI itself: Chat Completions, and the Responses wire for the requests that need it.

Source: wire/openai §2, §9; wire/responses §1.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import APIError, ErrorKind
from majordomo.http import Transport
from majordomo.llm.request import ReasoningEffort, Request
from majordomo.providers.client import DEFAULT_TRANSPORT, WireProvider
from majordomo.providers.images import ImagingProvider
from majordomo.providers.openai import Dialect, OpenAIWire
from majordomo.providers.openai_endpoint import OPENAI_URL, openai_endpoint
from majordomo.providers.responses import ResponsesOptions, ResponsesWire
from majordomo.providers.switch import SwitchingProvider
from majordomo.providers.wire import DEFAULT_TIMEOUT_S, KeySource

__all__ = ["OpenAIRule", "WireName", "openai_auto_provider"]

WireName: TypeAlias = Literal["auto", "chat", "responses"]

_VERSION = re.compile(r"(?:ft:)?gpt-(\d+)(?:\.(\d+))?")
_WITH_EFFORT = (5, 2)  # from here on, tools are refused with reasoning on …
_BY_DEFAULT = (5, 5)  # … and from here on, reasoning is on unless it is switched off

# Body fields only one of the wires knows: one in `Settings.extra` was written for that wire.
_CHAT_FIELDS = frozenset(
    [
        "messages",
        "reasoning_effort",
        "verbosity",
        "response_format",
        "max_completion_tokens",
        "max_tokens",
        "stop",
        "seed",
        "n",
        "logit_bias",
        "logprobs",
        "frequency_penalty",
        "presence_penalty",
        "modalities",
        "audio",
        "prediction",
        "web_search_options",
        "functions",
        "function_call",
    ]
)
_RESPONSES_FIELDS = frozenset(
    [
        "input",
        "instructions",
        "reasoning",
        "text",
        "max_output_tokens",
        "previous_response_id",
        "conversation",
        "include",
        "truncation",
        "context_management",
        "background",
        "max_tool_calls",
    ]
)


class OpenAIRule:
    """Which requests Chat Completions cannot take at api.openai.com.

    Model ids are compared by version, so that unknown newer ones count as the newest. What the
    server refuses all the same is remembered per model and effort, for as long as the rule lives.
    """

    def __init__(self) -> None:
        self._refused: set[tuple[str, ReasoningEffort | None]] = set()

    def before(self, request: Request, model: str) -> str:
        """See `SwitchRule.before`."""
        extra, effort = request.settings.extra.keys(), request.settings.reasoning_effort
        if fields := _RESPONSES_FIELDS & extra:
            return f"only it has the field {min(fields)}"
        if _CHAT_FIELDS & extra:
            return ""
        if effort == "max":
            return "only it knows the effort max on all models"
        if not request.tools and "tools" not in extra:
            return ""
        if (model, effort) in self._refused:
            return "tools with reasoning were refused before"
        return "tools with reasoning" if _is_refused(model, effort) else ""

    def after(self, error: APIError, request: Request, model: str) -> str:
        """See `SwitchRule.after`."""
        refused = error.kind is ErrorKind.UNSUPPORTED and error.param == "reasoning_effort"
        if not refused or _CHAT_FIELDS & request.settings.extra.keys():
            return ""
        self._refused.add((model, request.settings.reasoning_effort))
        return "tools with reasoning were refused"


def _is_refused(model: str, effort: ReasoningEffort | None) -> bool:
    """Whether tools are refused (the table of wire/openai §2); False where that is not known."""
    found = _VERSION.match(model)
    if found is None or effort == "none":
        return False
    version = (int(found[1]), int(found[2] or 0))
    return version >= (_BY_DEFAULT if effort is None else _WITH_EFFORT)


def openai_auto_provider(
    api_key: KeySource | None = None,
    *,
    wire: WireName = "auto",
    base_url: str | None = OPENAI_URL,
    name: str = "openai",
    dialect: Dialect = Dialect(),
    options: ResponsesOptions = ResponsesOptions(),
    organization: str | None = None,
    project: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    needs_key: bool = True,
    key_hint: str | None = None,
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    transport: Transport = DEFAULT_TRANSPORT,
    clock: Clock = SYSTEM_CLOCK,
) -> WireProvider | SwitchingProvider:
    """A provider for OpenAI that speaks whichever wire a request needs.

    Args:
        api_key: Key, or a function that gives one when it is needed.
        wire: "auto" chooses per request at api.openai.com, and is Chat Completions at every other
            server; "chat" and "responses" force one.
        base_url: Up to and including `/v1`.
        name: Name it is registered under.
        dialect: How Chat Completions is spoken.
        options: How Responses is spoken.
        organization: Sent as `openai-organization`.
        project: Sent as `openai-project`.
        headers: More headers, names in lower case.
        needs_key: Refuse to dial without a key.
        key_hint: What an error says about a missing key.
        timeout_s: Total seconds for one model call; None for no bound but the caller's.
        transport: What carries the bytes.
        clock: Limits calls.
    """
    endpoint = openai_endpoint(
        api_key,
        base_url=base_url,
        name=name,
        organization=organization,
        project=project,
        headers=headers,
        needs_key=needs_key,
        key_hint=key_hint,
        timeout_s=timeout_s,
    )
    chat = ImagingProvider(OpenAIWire(dialect), endpoint, transport=transport, clock=clock)
    if wire == "chat" or (wire == "auto" and not _is_openai(base_url)):
        return chat
    responses = WireProvider(ResponsesWire(options), endpoint, transport=transport, clock=clock)
    return responses if wire == "responses" else SwitchingProvider(chat, responses, OpenAIRule())


def _is_openai(base_url: str | None) -> bool:
    host = urlsplit(base_url or "").hostname or ""
    return host == "api.openai.com" or host.endswith(".api.openai.com")
