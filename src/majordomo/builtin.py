"""The default registry: the built-in providers, configured from the environment on first use."""

from __future__ import annotations

import os
from collections.abc import Mapping

from majordomo.llm import Model
from majordomo.models import ModelRegistry
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.client import WireProvider
from majordomo.providers.fake import FakeProvider
from majordomo.providers.openai import openai_provider

__all__ = ["DEFAULT_REGISTRY", "default_registry", "resolve"]

OFFLINE_MODEL = "offline"


def default_registry(environ: Mapping[str, str] | None = None) -> ModelRegistry:
    """A registry with the built-in providers.

    Each reads its variables when it is first used: `OPENAI_API_KEY`, `OPENAI_BASE_URL`,
    `OPENAI_ORG_ID`, `OPENAI_PROJECT_ID`; `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL`. A provider
    without its key resolves; using it is a clear error.

    Args:
        environ: Instead of the process's environment.
    """
    env = os.environ if environ is None else environ
    registry = ModelRegistry()
    registry.register("openai", lambda: _openai(env))
    registry.register("anthropic", lambda: _anthropic(env))
    registry.register("fake", FakeProvider, default_model=OFFLINE_MODEL)
    return registry


def _openai(env: Mapping[str, str]) -> WireProvider:
    return openai_provider(
        env.get("OPENAI_API_KEY") or None,
        base_url=(env.get("OPENAI_BASE_URL") or "https://api.openai.com/v1").rstrip("/"),
        organization=env.get("OPENAI_ORG_ID") or None,
        project=env.get("OPENAI_PROJECT_ID") or None,
    )


def _anthropic(env: Mapping[str, str]) -> WireProvider:
    return anthropic_provider(
        env.get("ANTHROPIC_API_KEY") or None,
        base_url=(env.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com").rstrip("/"),
    )


DEFAULT_REGISTRY = default_registry()


def resolve(model: Model | str) -> Model:
    """A model as it is; of a name, what it means in the default registry.

    Raises:
        UnknownModel: The name resolves to nothing; see `ModelRegistry.resolve`.
    """
    return DEFAULT_REGISTRY.resolve(model) if isinstance(model, str) else model
