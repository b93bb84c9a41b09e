"""Every seam's contract holds on a SQLite file."""

import pytest

from executus.testing.contracts import (
    AUDIT_CONTRACT,
    BUDGET_CONTRACT,
    JOURNAL_CONTRACT,
    RUNS_CONTRACT,
)

CASES = [
    pytest.param(accessor, check, id=f"{accessor}-{check.__name__}")
    for accessor, contract in (
        ("budget", BUDGET_CONTRACT),
        ("audit", AUDIT_CONTRACT),
        ("runs", RUNS_CONTRACT),
        ("checkpoints", JOURNAL_CONTRACT),
    )
    for check in contract
]


@pytest.mark.parametrize(("accessor", "check"), CASES)
async def test_the_contract_holds(store, accessor, check):
    await check(getattr(store, accessor)())
