"""executus: bounded, observable, permissioned runs of LLM agents.

result = await Executor().run(RunnableAgent(model="fake", tools=["calc.*"]), "6*7?")
"""

import majordomo

# An unrelated distribution is called majordomo too; installed later, its files replace ours (ADR
# 0100). Say so here, instead of failing somewhere inside with a name that does not exist.
if getattr(majordomo, "__distribution__", None) != "executus":
    raise ImportError(
        "the package 'majordomo' found here belongs to another distribution; "
        "pip uninstall majordomo, then pip install --force-reinstall executus"
    )

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
