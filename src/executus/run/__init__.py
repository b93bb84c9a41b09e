"""One run: from who asks, through gates and the agent loop, to one terminal record."""

from executus.run.agent import Grant, RunnableAgent
from executus.run.executor import MODEL_VARIABLE, Executor
from executus.run.handle import RunHandle, RunStream
from executus.run.kernel import RunTimeout
from executus.run.ports import (
    Audit,
    BudgetGate,
    Delivery,
    Palette,
    Ports,
    RunInfo,
)
from executus.run.result import RunError, RunResult, RunStatus
from executus.run.state import RunTally

__all__ = [
    "MODEL_VARIABLE",
    "Audit",
    "BudgetGate",
    "Delivery",
    "Executor",
    "Grant",
    "Palette",
    "Ports",
    "RunError",
    "RunHandle",
    "RunInfo",
    "RunResult",
    "RunStatus",
    "RunStream",
    "RunTally",
    "RunTimeout",
    "RunnableAgent",
]
