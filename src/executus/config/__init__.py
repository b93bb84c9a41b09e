"""What is configured: a seam for where settings come from, and typed settings with defaults."""

from executus.config.config import ENVIRONMENT, NO_CONFIG, BadSetting, Config
from executus.config.source import (
    EnvironmentSource,
    LayeredSource,
    MappingSource,
    Source,
    from_sync,
)
from executus.config.values import parse_duration

__all__ = [
    "ENVIRONMENT",
    "NO_CONFIG",
    "BadSetting",
    "Config",
    "EnvironmentSource",
    "LayeredSource",
    "MappingSource",
    "Source",
    "from_sync",
    "parse_duration",
]
