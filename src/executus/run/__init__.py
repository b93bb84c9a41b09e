"""One run: from who asks, through gates and the agent loop, to one terminal record."""

from executus.model import MODEL_VARIABLE
from executus.run.agent import Grant, Phase, RunnableAgent
from executus.run.executor import Executor
from executus.run.handle import RunHandle, RunStream
from executus.run.info import RunInfo
from executus.run.journal import Checkpointer, JournalConflict, MemoryCheckpointer
from executus.run.kernel import RunCancelled, RunTimeout
from executus.run.ports import Audit, BudgetGate, Critic, Palette, Ports
from executus.run.result import RunError, RunResult, RunStatus
from executus.run.tally import RunTally
from executus.run.toolrun import ToolRun
from executus.run.watch import RunWatch

__all__ = [
    "MODEL_VARIABLE",
    "Audit",
    "BudgetGate",
    "Checkpointer",
    "Critic",
    "Executor",
    "Grant",
    "JournalConflict",
    "MemoryCheckpointer",
    "Palette",
    "Phase",
    "Ports",
    "RunCancelled",
    "RunError",
    "RunHandle",
    "RunInfo",
    "RunResult",
    "RunStatus",
    "RunStream",
    "RunTally",
    "RunTimeout",
    "RunWatch",
    "RunnableAgent",
    "ToolRun",
]
