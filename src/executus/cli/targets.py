"""What a spec means now: its targets, and what each lacks before it can be asked."""

from __future__ import annotations

from executus.model import ModelTiers
from majordomo.errors import UnknownModel
from majordomo.llm import Model
from majordomo.models import ModelRegistry
from majordomo.models.listing import access_of

__all__ = ["missing_of", "targets_of"]


async def targets_of(registry: ModelRegistry, spec: str) -> tuple[Model, ...]:
    """The targets a spec means now, in order.

    Raises:
        MajordomoError: It means nothing.
    """
    return (await ModelTiers(registry).resolve(spec)).models


def missing_of(registry: ModelRegistry, provider: str) -> str:
    """What a provider lacks before it can be asked; empty when nothing, or when it is unknown."""
    try:
        return access_of(registry.provider(provider)).missing
    except UnknownModel:  # it calls itself otherwise than it is registered
        return ""
