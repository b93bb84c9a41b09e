"""What each store seam promises, as checks that a host runs against its own store; no pytest.

A module, and a tuple of checks, per seam. Each check takes a fresh, empty implementation:

    @pytest.mark.parametrize("check", BUDGET_CONTRACT)
    async def test_my_budgets(check):
        await check(MyBudgets())

A check of scratch pads takes a function that makes one, because it sets the quota. Those of
`…_RETENTION` are for stores that can be pruned (`executus.batteries.retention`).
"""

from executus.testing.contracts.audit import AUDIT_CONTRACT, RUNS_CONTRACT
from executus.testing.contracts.budget import BUDGET_CONTRACT
from executus.testing.contracts.contract import Check, ContractBroken
from executus.testing.contracts.journals import JOURNAL_CONTRACT
from executus.testing.contracts.personas import NOTES_CONTRACT, PERSONA_CONTRACT
from executus.testing.contracts.retention import (
    AUDIT_RETENTION,
    JOURNAL_RETENTION,
    RUNS_RETENTION,
    SCRATCH_RETENTION,
    PrunableScratchFactory,
)
from executus.testing.contracts.schedules import SCHEDULE_CONTRACT
from executus.testing.contracts.scratch import SCRATCH_CONTRACT, ScratchFactory
from executus.testing.contracts.skills import SKILL_CONTRACT

__all__ = [
    "AUDIT_CONTRACT",
    "AUDIT_RETENTION",
    "BUDGET_CONTRACT",
    "JOURNAL_CONTRACT",
    "JOURNAL_RETENTION",
    "NOTES_CONTRACT",
    "PERSONA_CONTRACT",
    "RUNS_CONTRACT",
    "RUNS_RETENTION",
    "SCHEDULE_CONTRACT",
    "SCRATCH_CONTRACT",
    "SCRATCH_RETENTION",
    "SKILL_CONTRACT",
    "Check",
    "ContractBroken",
    "PrunableScratchFactory",
    "ScratchFactory",
]
