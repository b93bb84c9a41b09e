"""The default registry: the built-in providers, configured from the environment on first use."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from majordomo.builtin.presets import PRESETS, Preset
from majordomo.builtin.schemes import schemes
from majordomo.chain import ChainPolicy, Classifier, Observer
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import classify
from majordomo.health import HealthTracker
from majordomo.http import Transport
from majordomo.llm import Model, Provider
from majordomo.models import ModelRegistry, Source
from majordomo.providers.anthropic import AnthropicOptions, anthropic_provider
from majordomo.providers.client import DEFAULT_TRANSPORT
from majordomo.providers.fake import FakeProvider
from majordomo.providers.google import google_provider
from majordomo.providers.llamaswap import llama_swap_provider
from majordomo.providers.ollama import (
    OLLAMA_URL,
    foreman_provider,
    ollama_cloud_provider,
    ollama_provider,
)
from majordomo.providers.openai import openai_provider
from majordomo.providers.openai_auto import openai_auto_provider
from majordomo.providers.openai_endpoint import OPENAI_URL
from majordomo.providers.responses import responses_provider
from majordomo.providers.wire import DEFAULT_TIMEOUT_S

__all__ = ["DEFAULT_REGISTRY", "default_registry", "parse", "resolve"]

OFFLINE_MODEL = "offline"


@dataclass(frozen=True, slots=True)
class _Setting:
    """What every built-in provider is made with."""

    env: Mapping[str, str]
    transport: Transport
    clock: Clock

    def get(self, variable: str) -> str | None:
        """The variable's value; None when it is unset or empty."""
        return self.env.get(variable, "").strip() or None


_Make: TypeAlias = Callable[[_Setting], Provider]


def _openai(setting: _Setting) -> Provider:
    return openai_auto_provider(
        setting.get("OPENAI_API_KEY"),
        base_url=setting.get("OPENAI_BASE_URL") or OPENAI_URL,
        organization=setting.get("OPENAI_ORG_ID"),
        project=setting.get("OPENAI_PROJECT_ID"),
        transport=setting.transport,
        clock=setting.clock,
    )


def _anthropic(setting: _Setting) -> Provider:
    key, token = setting.get("ANTHROPIC_API_KEY"), setting.get("ANTHROPIC_AUTH_TOKEN")
    return anthropic_provider(
        key or token,
        base_url=setting.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com",
        options=AnthropicOptions(bearer=key is None and token is not None),
        transport=setting.transport,
        clock=setting.clock,
    )


def _preset(preset: Preset, setting: _Setting) -> Provider:
    url = setting.get(preset.url_variable) if preset.url_variable else None
    return openai_provider(
        setting.get(preset.key_variable),
        base_url=url.rstrip("/") + preset.url_path if url else preset.base_url,
        name=preset.name,
        dialect=preset.dialect,
        needs_key=preset.needs_key,
        key_hint=f"set {' and '.join(filter(None, (preset.url_variable, preset.key_variable)))}",
        timeout_s=None if preset.unbounded else DEFAULT_TIMEOUT_S,
        transport=setting.transport,
        clock=setting.clock,
    )


def _responses(setting: _Setting) -> Provider:
    return responses_provider(
        setting.get("OPENAI_API_KEY"),
        base_url=setting.get("OPENAI_BASE_URL") or OPENAI_URL,
        organization=setting.get("OPENAI_ORG_ID"),
        project=setting.get("OPENAI_PROJECT_ID"),
        transport=setting.transport,
        clock=setting.clock,
    )


def _google(setting: _Setting, name: str) -> Provider:
    return google_provider(
        setting.get("GOOGLE_API_KEY") or setting.get("GEMINI_API_KEY"),
        name=name,
        transport=setting.transport,
        clock=setting.clock,
    )


def _ollama(setting: _Setting) -> Provider:
    return ollama_provider(
        base_url=setting.get("OLLAMA_HOST") or OLLAMA_URL,
        transport=setting.transport,
        clock=setting.clock,
    )


def _ollama_cloud(setting: _Setting) -> Provider:
    return ollama_cloud_provider(
        setting.get("OLLAMA_API_KEY"), transport=setting.transport, clock=setting.clock
    )


def _foreman(setting: _Setting) -> Provider:
    hint = "set LLM_<NAME>=foreman://token@host and ask for <name>/MODEL"
    return foreman_provider(key_hint=hint, transport=setting.transport, clock=setting.clock)


def _llama_swap(setting: _Setting) -> Provider:
    return llama_swap_provider(transport=setting.transport, clock=setting.clock)


_BUILT_IN: Mapping[str, _Make] = {
    "openai": _openai,
    "openai-responses": _responses,
    "anthropic": _anthropic,
    "google": partial(_google, name="google"),
    "gemini": partial(_google, name="gemini"),
    "ollama": _ollama,
    "ollama-cloud": _ollama_cloud,
    "foreman": _foreman,
    "llama-swap": _llama_swap,
}


def default_registry(
    environ: Mapping[str, str] | None = None,
    *,
    transport: Transport = DEFAULT_TRANSPORT,
    clock: Clock = SYSTEM_CLOCK,
    health: HealthTracker | None = None,
    policy: ChainPolicy = ChainPolicy(),
    observer: Observer | None = None,
    classifier: Classifier = classify,
) -> ModelRegistry:
    """A registry with the built-in providers and those that variables declare.

    A built-in provider reads its variables when it is first used: `OPENAI_API_KEY`,
    `OPENAI_BASE_URL`, `OPENAI_ORG_ID`, `OPENAI_PROJECT_ID`; `ANTHROPIC_API_KEY` or
    `ANTHROPIC_AUTH_TOKEN`, `ANTHROPIC_BASE_URL`; `GOOGLE_API_KEY` or `GEMINI_API_KEY`;
    `OLLAMA_HOST`, `OLLAMA_API_KEY`; those of the
    presets stand in `majordomo.builtin.PRESETS`. One without its key resolves; using it is a clear
    error, which a chain skips.

    Args:
        environ: Instead of the process's environment.
        transport: Carries the bytes of all its providers.
        clock: See `ModelRegistry`, as the following.
        health: Shared by all chains.
        policy: How long chains try.
        observer: Told of every event of chains.
        classifier: Says what a failure means.
    """
    env = os.environ if environ is None else environ
    setting = _Setting(env, transport, clock)
    registry = ModelRegistry(
        health=health,
        policy=policy,
        observer=observer,
        classifier=classifier,
        clock=clock,
        environ=env,
        schemes=schemes(transport=transport, clock=clock),
    )
    makes: dict[str, _Make] = dict(_BUILT_IN)
    for preset in PRESETS:
        makes[preset.name] = _of_preset(preset)
    for name, make in makes.items():
        registry.register(name, _of_setting(make, setting), source=Source.BUILT_IN)
    fake = partial(FakeProvider, clock=clock)
    registry.register("fake", fake, default_model=OFFLINE_MODEL, source=Source.BUILT_IN)
    return registry


def _of_preset(preset: Preset) -> _Make:
    return lambda setting: _preset(preset, setting)


def _of_setting(make: _Make, setting: _Setting) -> Callable[[], Provider]:
    return lambda: make(setting)


DEFAULT_REGISTRY = default_registry()


def parse(spec: str) -> Model:
    """The model a spec means in the default registry; see `ModelRegistry.parse`.

    Args:
        spec: Elements with commas between them: `provider/model`, `provider:model` or aliases.

    Raises:
        UnknownModel: A name means nothing, or a model id is missing.
        SpecError: The text does not follow the grammar; an alias stands for itself.
        DSNError: The variable that declares a provider cannot be read.
    """
    return DEFAULT_REGISTRY.parse(spec)


def resolve(model: Model | str) -> Model:
    """A model as it is; of a spec, what it means in the default registry."""
    return parse(model) if isinstance(model, str) else model
