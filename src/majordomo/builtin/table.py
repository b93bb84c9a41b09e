"""The table of built-in providers: how each is made, by its name and by the scheme of that name.

A new one is one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

from majordomo.clock import Clock
from majordomo.http import Transport
from majordomo.providers.client import WireProvider
from majordomo.providers.openai import Dialect, openai_provider
from majordomo.providers.switch import SwitchingProvider

__all__ = ["BUILT_IN", "SCHEME_ONLY", "Entry", "Made", "Setting"]

Made: TypeAlias = WireProvider | SwitchingProvider
Make: TypeAlias = Callable[..., Made]


@dataclass(frozen=True, slots=True)
class Setting:
    """What every built-in provider is made with."""

    env: Mapping[str, str]
    transport: Transport
    clock: Clock

    def get(self, variable: str) -> str | None:
        """The variable's value; None when it is unset or empty."""
        return self.env.get(variable, "").strip() or None

    def first(self, variables: tuple[str, ...]) -> str | None:
        """The first value that is set."""
        return next(filter(None, map(self.get, variables)), None)


def _late(name: str, module: str) -> Make:
    """A factory of `majordomo.providers` whose module is loaded when it first makes something.

    A program asks one or two providers: it does not pay for the wires of the others.
    """

    def make(*key: Any, **options: Any) -> Made:
        return getattr(import_module(f"majordomo.providers.{module}"), name)(*key, **options)

    return make


def _nothing(setting: Setting) -> dict[str, Any]:
    del setting
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One provider.

    Attributes:
        make: Makes it; as the factories of `majordomo.providers` are called.
        keys: Environment variables that may hold its key; the first one set counts.
        url: Environment variable that may hold its URL; "" for none.
        more: Reads further arguments of `make` from the environment.
        default_base: Path of the URL of a declaration that has none.
        needs_key: Refuse to dial without a token when it is declared.
        dialect: What its servers deviate in, for declarations to change; None for another wire
            than Chat.
        options: Further options of declarations, given to `make` as they are.
    """

    make: Make
    keys: tuple[str, ...] = ()
    url: str = ""
    more: Callable[[Setting], dict[str, Any]] = _nothing
    default_base: str = ""
    needs_key: bool = True
    dialect: Dialect | None = None
    options: frozenset[str] = frozenset()

    def provider(self, name: str, setting: Setting) -> Made:
        """The provider as the environment has it; one without its key can be made all the same."""
        more = self.more(setting)
        if self.url and (url := setting.get(self.url)):
            more["base_url"] = url
        return self.make(
            setting.first(self.keys),
            name=name,
            transport=setting.transport,
            clock=setting.clock,
            **more,
        )


def _openai_account(setting: Setting) -> dict[str, Any]:
    return {
        "organization": setting.get("OPENAI_ORG_ID"),
        "project": setting.get("OPENAI_PROJECT_ID"),
    }


def _anthropic_header(setting: Setting) -> dict[str, Any]:
    """A token goes into another header than a key."""
    bearer = setting.get("ANTHROPIC_API_KEY") is None and setting.get("ANTHROPIC_AUTH_TOKEN")
    options = import_module("majordomo.providers.anthropic").AnthropicOptions
    return {"options": options(bearer=bool(bearer))}


def _only_declared(setting: Setting) -> dict[str, Any]:
    del setting
    return {"key_hint": "set LLM_<NAME>=foreman://token@host and ask for <name>/MODEL"}


_GOOGLE = Entry(make=_late("google_provider", "google"), keys=("GOOGLE_API_KEY", "GEMINI_API_KEY"))

BUILT_IN: Mapping[str, Entry] = {
    "openai": Entry(
        make=_late("openai_auto_provider", "openai_auto"),
        keys=("OPENAI_API_KEY",),
        url="OPENAI_BASE_URL",
        more=_openai_account,
        default_base="/v1",
        dialect=Dialect(),
        options=frozenset({"wire"}),
    ),
    "openai-responses": Entry(
        make=_late("responses_provider", "responses"),
        keys=("OPENAI_API_KEY",),
        url="OPENAI_BASE_URL",
        more=_openai_account,
        default_base="/v1",
    ),
    "anthropic": Entry(
        make=_late("anthropic_provider", "anthropic"),
        keys=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        url="ANTHROPIC_BASE_URL",
        more=_anthropic_header,
    ),
    "google": _GOOGLE,
    "gemini": _GOOGLE,
    "ollama": Entry(make=_late("ollama_provider", "ollama"), url="OLLAMA_HOST", needs_key=False),
    "ollama-cloud": Entry(make=_late("ollama_cloud_provider", "ollama"), keys=("OLLAMA_API_KEY",)),
    "foreman": Entry(
        make=_late("foreman_provider", "ollama"), more=_only_declared, needs_key=False
    ),
    "llama-swap": Entry(
        make=_late("llama_swap_provider", "llamaswap"),
        needs_key=False,
        dialect=Dialect(legacy_max_tokens=True),
    ),
}

SCHEME_ONLY: Mapping[str, Entry] = {
    "openai-compatible": Entry(
        make=openai_provider,
        default_base="/v1",
        needs_key=False,
        dialect=Dialect(legacy_max_tokens=True, strict=False),
    ),
}
"""What can be declared and has no name of its own."""
