"""Errors of the harness; the tree is drawn here.

    ExecutusError
    ├── SetupError          the executor or a registry is put together wrongly
    │   └── BadSetting      … because of what is configured (config)
    ├── RunRejected         a gate said no, or the run cannot begin as asked
    │   ├── BudgetExceeded  … because the budget is spent; it ends runs that have begun, too
    │   └── DispatchRefused … because of who dispatched it (dispatchguard)
    ├── RunStopped          it was ended in the middle, by a limit, a gate that failed or a critic
    │   ├── RunTimeout      … by its time; a TimeoutError too (run.kernel)
    │   └── RunCancelled    … by its caller, or the end of the program (run.kernel)
    ├── AttachmentRefused   an attachment is more than a run may carry (pendingattach)
    ├── JournalConflict     another process goes on with this run (run.journal)
    └── RunError            `RunResult.raise_for_error` (run.result), carries the result

A run's own failure is a `RunResult`, not an exception. `RunRejected` is what gates raise to end a
run before its first model call; the result then carries it.
"""

from __future__ import annotations

from majordomo.errors import MajordomoError

__all__ = ["BudgetExceeded", "ExecutusError", "RunRejected", "RunStopped", "SetupError"]


class ExecutusError(MajordomoError):
    """Root of the harness's errors; a `MajordomoError`, so one `except` catches both layers."""


class SetupError(ExecutusError):
    """Something was put together wrongly; the message names the cause and the fix."""


class RunRejected(ExecutusError):
    """The run must not, or cannot, begin; the message says why and what would change that."""


class BudgetExceeded(RunRejected):
    """The budget for this caller or agent is spent: the run must not begin, or not go on."""


class RunStopped(ExecutusError):
    """The run was ended between two steps; the message says by what, and what would change that."""
