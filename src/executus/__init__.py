"""executus: bounded, observable, permissioned runs of LLM agents.

result = await Executor().run(RunnableAgent(model="fake", tools=["calc.*"]), "6*7?")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import majordomo

# An unrelated distribution is called majordomo too; installed later, its files replace ours (ADR
# 0100). Say so here, instead of failing somewhere inside with a name that does not exist.
if getattr(majordomo, "__distribution__", None) != "executus":
    raise ImportError(
        "the package 'majordomo' found here belongs to another distribution; "
        "pip uninstall majordomo, then pip install --force-reinstall executus"
    )

if TYPE_CHECKING:
    from executus.errors import BudgetExceeded, ExecutusError, RunRejected, SetupError
    from executus.identity import Caller
    from executus.invocation import Invocation, Limits
    from executus.registry import ToolRegistry
    from executus.run import (
        Executor,
        Ports,
        RunError,
        RunHandle,
        RunnableAgent,
        RunResult,
        RunStatus,
        RunStream,
    )

__all__ = [
    "BudgetExceeded",
    "Caller",
    "Executor",
    "ExecutusError",
    "Invocation",
    "Limits",
    "Ports",
    "RunError",
    "RunHandle",
    "RunRejected",
    "RunResult",
    "RunStatus",
    "RunStream",
    "RunnableAgent",
    "SetupError",
    "ToolRegistry",
]

# Loaded when asked for (ADR 0154).
_PLACES = {
    "executus.errors": (
        "BudgetExceeded",
        "ExecutusError",
        "RunRejected",
        "SetupError",
    ),
    "executus.identity": ("Caller",),
    "executus.invocation": (
        "Invocation",
        "Limits",
    ),
    "executus.registry": ("ToolRegistry",),
    "executus.run": (
        "Executor",
        "Ports",
        "RunError",
        "RunHandle",
        "RunResult",
        "RunStatus",
        "RunStream",
        "RunnableAgent",
    ),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
