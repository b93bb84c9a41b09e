"""What is asked of a model, once for every provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

from majordomo.errors import ConfigError
from majordomo.llm.fragments import Fragments
from majordomo.llm.kinds import (
    require,
    require_count,
    require_ends,
    require_number,
    require_word,
)
from majordomo.llm.message import Message
from majordomo.llm.tool import Tool

__all__ = ["OutputSchema", "ReasoningEffort", "Request", "Settings", "ToolChoice"]

ReasoningEffort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

ToolChoice: TypeAlias = Literal["auto", "none", "required"] | Tool
"""Whether the model may, must not, or must call a tool; a `Tool` names the one it must call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a model should answer. None means "not set" and is never sent.

    Attributes:
        max_tokens: Upper bound of generated tokens, reasoning included.
        temperature: 0 to 2 at most providers; newest reasoning models refuse it.
        top_p: 0 to 1.
        stop: Texts that end the answer, in any list; up to 4 at OpenAI.
        seed: Best effort where a provider knows it, dropped where not.
        reasoning_effort: How long to think; unsupported levels are the provider's error.
        prompt_caching: Ask for prompt caching where that is not automatic.
        parallel_tool_calls: Whether one answer may hold several calls.
        service_tier: Provider's own word for a tier.
        timeout_s: Total seconds for one model call: dial, waiting and body together; instead of the
            provider's own.
        deadline_s: Most seconds for it, whichever of those counts: a chain hands down what is left
            of its own.
        extra: Fields put into the request body as they are; they win over ours.

    Raises:
        ConfigError: One of them is of the wrong kind, such as a text instead of a number.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    reasoning_effort: ReasoningEffort | None = None
    prompt_caching: bool | None = None
    parallel_tool_calls: bool | None = None
    service_tier: str | None = None
    timeout_s: float | None = None
    deadline_s: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            value = getattr(self, name)
            if value is not None:
                check(name, value)
        require_ends("stop", self.stop, str, 'a list of texts, such as ["END"]')
        object.__setattr__(self, "stop", tuple(self.stop))
        require("extra", self.extra, Mapping, "a mapping of fields")

    def limit_s(self, default_s: float | None = None) -> float | None:
        """Seconds one model call may take; None for no bound.

        Args:
            default_s: The provider's own timeout, in seconds.
        """
        own_s = default_s if self.timeout_s is None else self.timeout_s
        if own_s is None or self.deadline_s is None:
            return self.deadline_s if own_s is None else own_s
        return min(own_s, self.deadline_s)


def _text(name: str, value: object) -> None:
    require(name, value, str, "a text")


def _switch(name: str, value: object) -> None:
    require(name, value, bool, "True or False")


_CHECKS: Mapping[str, Callable[[str, object], None]] = {
    "max_tokens": partial(require_count, least=0),
    "temperature": require_number,
    "top_p": require_number,
    "seed": require_count,
    "reasoning_effort": partial(require_word, known=get_args(ReasoningEffort)),
    "prompt_caching": _switch,
    "parallel_tool_calls": _switch,
    "service_tier": _text,
    "timeout_s": partial(require_number, bounded=False),
    "deadline_s": partial(require_number, bounded=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSchema:
    """The JSON the answer's text must be.

    Attributes:
        name: `[A-Za-z0-9_-]{1,64}`.
        schema: JSON Schema with an object at its root.
        description: What it is for.
        strict: The schema keeps to the subset that strict modes accept.
    """

    name: str
    schema: Mapping[str, Any]
    description: str = ""
    strict: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One model call.

    Attributes:
        messages: The conversation, oldest first. A transcript is not changed in place.
        system: Instructions that precede it; system messages inside `messages` are added to it.
        tools: Tools on offer.
        tool_choice: Whether the model may call them.
        output: JSON the answer must be, when it must be any.
        settings: How to answer.
        fragments: Memory of what was encoded already; share one between the calls of a run.
        keep_raw: Keep the response body on `Response.raw`.

    Raises:
        ConfigError: One of them is of the wrong kind, such as a type for `output`.
    """

    messages: Sequence[Message]
    system: str = ""
    tools: Sequence[Tool] = ()
    tool_choice: ToolChoice = "auto"
    output: OutputSchema | None = None
    settings: Settings = Settings()
    fragments: Fragments = field(default_factory=Fragments, compare=False, repr=False)
    keep_raw: bool = False

    def __post_init__(self) -> None:
        _require_fields(self)


_CHOICES = ("auto", "none", "required")


_LISTS: tuple[tuple[str, type[Any], str], ...] = (
    ("messages", Message, "a list of messages, such as [user('hi')]"),
    ("tools", Tool, "a list of tools, made with @tool"),
)


def _require_fields(request: Any) -> None:
    # Asked here first: a loop makes a request per step, and each function called costs.
    for name, kind, what in _LISTS:
        items: Any = getattr(request, name)
        fits = items.__class__ is tuple and (
            not items or (isinstance(items[0], kind) and isinstance(items[-1], kind))
        )
        if not fits:
            require_ends(name, items, kind, what)
    if not isinstance(request.system, str):
        require("system", request.system, str, "a text")
    if not isinstance(request.settings, Settings):
        require("settings", request.settings, Settings, "Settings(…)")
    if not isinstance(request.output, OutputSchema | None):
        require("output", request.output, OutputSchema, "an OutputSchema; generate() takes a type")
    choice = request.tool_choice
    if choice not in _CHOICES and not isinstance(choice, Tool):
        known = ", ".join(_CHOICES)
        raise ConfigError(f"tool_choice must be {known} or a tool, not {choice!r:.100}")
