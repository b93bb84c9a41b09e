"""What each store seam promises, as checks that a host runs against its own store; no pytest.

Each check takes a fresh, empty implementation: `for check in BUDGET_CONTRACT: await check(mine())`.
A module per seam; those of personas, skills and schedules are imported by module.
"""

from executus.testing.contracts.audit import AUDIT_CONTRACT, RUNS_CONTRACT
from executus.testing.contracts.budget import BUDGET_CONTRACT
from executus.testing.contracts.contract import Check, ContractBroken
from executus.testing.contracts.journals import JOURNAL_CONTRACT
from executus.testing.contracts.scratch import SCRATCH_CHECKS, ScratchFactory

__all__ = [
    "AUDIT_CONTRACT",
    "BUDGET_CONTRACT",
    "JOURNAL_CONTRACT",
    "RUNS_CONTRACT",
    "SCRATCH_CHECKS",
    "Check",
    "ContractBroken",
    "ScratchFactory",
]
