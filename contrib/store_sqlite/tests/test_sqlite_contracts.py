"""Every seam's contract holds on a SQLite file."""

import pytest
from executus_store_sqlite import SqliteStore

from executus.testing import contracts

SEAMS = {
    "budget": contracts.BUDGET_CONTRACT,
    "audit": (*contracts.AUDIT_CONTRACT, *contracts.AUDIT_RETENTION),
    "runs": (*contracts.RUNS_CONTRACT, *contracts.RUNS_RETENTION),
    "checkpoints": (*contracts.JOURNAL_CONTRACT, *contracts.JOURNAL_RETENTION),
    "personas": contracts.PERSONA_CONTRACT,
    "notes": contracts.NOTES_CONTRACT,
    "skills": contracts.SKILL_CONTRACT,
    "schedule": contracts.SCHEDULE_CONTRACT,
}
CASES = [
    pytest.param(accessor, check, id=f"{accessor}-{check.__name__}")
    for accessor, contract in SEAMS.items()
    for check in contract
]


@pytest.mark.parametrize(("accessor", "check"), CASES)
async def test_the_contract_holds(store, accessor, check):
    await check(getattr(store, accessor)())


@pytest.mark.parametrize("check", contracts.SCRATCH_CONTRACT, ids=lambda check: check.__name__)
async def test_the_contract_of_scratch_pads_holds(store, check):
    await check(store.scratch)


@pytest.mark.parametrize("check", contracts.SCRATCH_RETENTION, ids=lambda check: check.__name__)
async def test_scratch_pads_forget_what_is_old(store, check):
    await check(lambda clock: store.scratch(clock=clock))


def test_every_accessor_has_a_contract():
    accessors = {name for name in vars(SqliteStore) if not name.startswith("_")}
    assert accessors == {*SEAMS, "scratch"}
