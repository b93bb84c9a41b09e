"""majordomo: the lean substrate for talking to language models.

Canonical types, provider wires over HTTP, and one agent loop. It knows nothing of executus.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from majordomo.agent import (
        Agent,
        AgentError,
        AgentResult,
        AgentRun,
        Hooks,
        MaxSteps,
        ModelFailed,
        Session,
        Skill,
        ToolLoop,
    )
    from majordomo.builtin import parse
    from majordomo.errors import (
        APIError,
        ConfigError,
        MajordomoError,
        UnknownModel,
        UnsupportedRequest,
    )
    from majordomo.llm import (
        DocumentPart,
        ImagePart,
        Message,
        Model,
        Request,
        Response,
        Settings,
        Tool,
        Toolbox,
        ToolContext,
        Usage,
        assistant,
        dump_messages,
        load_messages,
        schema_for,
        tool,
        user,
    )
    from majordomo.models import ModelRegistry
    from majordomo.structured import OutputError, generate, generate_stream, generate_sync

# Another distribution owns this package's name on the index; executus checks for this mark.
__distribution__ = "executus"

__all__ = [
    "APIError",
    "Agent",
    "AgentError",
    "AgentResult",
    "AgentRun",
    "ConfigError",
    "DocumentPart",
    "Hooks",
    "ImagePart",
    "MajordomoError",
    "MaxSteps",
    "Message",
    "Model",
    "ModelFailed",
    "ModelRegistry",
    "OutputError",
    "Request",
    "Response",
    "Session",
    "Settings",
    "Skill",
    "Tool",
    "ToolContext",
    "ToolLoop",
    "Toolbox",
    "UnknownModel",
    "UnsupportedRequest",
    "Usage",
    "assistant",
    "dump_messages",
    "generate",
    "generate_stream",
    "generate_sync",
    "load_messages",
    "parse",
    "schema_for",
    "tool",
    "user",
]

# Loaded when asked for: a program that needs one module, such as a command that sends a request,
# does not pay for the loop and all wires (ADR 0154).
_PLACES = {
    "majordomo.agent": (
        "Agent",
        "AgentError",
        "AgentResult",
        "AgentRun",
        "Hooks",
        "MaxSteps",
        "ModelFailed",
        "Session",
        "Skill",
        "ToolLoop",
    ),
    "majordomo.builtin": ("parse",),
    "majordomo.errors": (
        "APIError",
        "ConfigError",
        "MajordomoError",
        "UnknownModel",
        "UnsupportedRequest",
    ),
    "majordomo.llm": (
        "DocumentPart",
        "ImagePart",
        "Message",
        "Model",
        "Request",
        "Response",
        "Settings",
        "Tool",
        "ToolContext",
        "Toolbox",
        "Usage",
        "assistant",
        "dump_messages",
        "load_messages",
        "schema_for",
        "tool",
        "user",
    ),
    "majordomo.models": ("ModelRegistry",),
    "majordomo.structured": (
        "OutputError",
        "generate",
        "generate_stream",
        "generate_sync",
    ),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
