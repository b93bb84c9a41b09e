"""The default registry: the built-in providers, configured from the environment on first use."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial

from majordomo.builtin.presets import PRESETS, Preset
from majordomo.builtin.schemes import schemes
from majordomo.builtin.table import BUILT_IN, Setting
from majordomo.chain import ChainPolicy, Classifier, Observer
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import classify
from majordomo.health import HealthTracker
from majordomo.http import Transport
from majordomo.llm import Model, Provider
from majordomo.models import ModelRegistry, Source
from majordomo.providers.client import DEFAULT_TRANSPORT
from majordomo.providers.fake import FakeProvider
from majordomo.providers.openai import openai_provider
from majordomo.providers.wire import DEFAULT_TIMEOUT_S

__all__ = ["DEFAULT_REGISTRY", "default_registry", "parse", "resolve"]

OFFLINE_MODEL = "offline"


def _preset(preset: Preset, setting: Setting) -> Provider:
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
    setting = Setting(env, transport, clock)
    registry = ModelRegistry(
        health=health,
        policy=policy,
        observer=observer,
        classifier=classifier,
        clock=clock,
        environ=env,
        schemes=schemes(transport=transport, clock=clock),
    )
    makes: dict[str, Callable[[], Provider]] = {
        **{name: partial(entry.provider, name, setting) for name, entry in BUILT_IN.items()},
        **{preset.name: partial(_preset, preset, setting) for preset in PRESETS},
    }
    for name, make in makes.items():
        registry.register(name, make, source=Source.BUILT_IN)
    fake = partial(FakeProvider, clock=clock)
    registry.register("fake", fake, default_model=OFFLINE_MODEL, source=Source.BUILT_IN)
    return registry


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
