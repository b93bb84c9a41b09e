"""What comes with the library: built-in providers, presets, DSN schemes, the default registry."""

from majordomo.builtin.presets import PRESETS, Preset
from majordomo.builtin.registry import DEFAULT_REGISTRY, default_registry, parse, resolve
from majordomo.builtin.schemes import schemes

__all__ = [
    "DEFAULT_REGISTRY",
    "PRESETS",
    "Preset",
    "default_registry",
    "parse",
    "resolve",
    "schemes",
]
