"""Names to models: which providers are registered, and what a model name means."""

from majordomo.models.dynamic import DynamicModel, Resolver
from majordomo.models.environment import BuildProvider
from majordomo.models.listing import Listing, Source
from majordomo.models.registry import MakeProvider, ModelRegistry

__all__ = [
    "BuildProvider",
    "DynamicModel",
    "Listing",
    "MakeProvider",
    "ModelRegistry",
    "Resolver",
    "Source",
]
