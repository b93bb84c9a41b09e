"""What is old is forgotten by an explicit call, and nothing else is."""

from datetime import UTC, datetime, timedelta

import pytest

from executus import SetupError
from executus.batteries.audit import MemoryAuditStore, MemoryRunIndex
from executus.batteries.checkpoint import MemoryJournalStorage
from executus.batteries.retention import prune
from executus.testing import FakeClock
from executus.testing.contracts import (
    AUDIT_RETENTION,
    JOURNAL_RETENTION,
    RUNS_RETENTION,
    SCRATCH_RETENTION,
    ContractBroken,
)
from executus.tools.store import MemoryScratch

CASES = [
    pytest.param(make, check, id=check.__name__)
    for make, contract in (
        (MemoryAuditStore, AUDIT_RETENTION),
        (MemoryRunIndex, RUNS_RETENTION),
        (MemoryJournalStorage, JOURNAL_RETENTION),
        (lambda: lambda clock: MemoryScratch(clock=clock), SCRATCH_RETENTION),
    )
    for check in contract
]


@pytest.mark.parametrize(("make", "check"), CASES)
async def test_the_memory_defaults_keep_the_contract(make, check):
    await check(make())


async def test_the_contract_finds_a_store_that_forgets_by_the_first_record():
    class Hasty(MemoryAuditStore):
        async def prune(self, before):
            old = [
                run for run, kept in self._runs.items() if min(r.at for r in kept.values()) < before
            ]
            for run in old:
                del self._runs[run]
            return len(old)

    with pytest.raises(ContractBroken, match="audits forgotten"):
        await AUDIT_RETENTION[0](Hasty())


async def test_each_store_is_asked_to_forget_what_is_older_than_the_age():
    class Told:
        def __init__(self, count):
            self.count, self.asked = count, []

        async def prune(self, before):
            self.asked.append(before)
            return self.count

    stores = Told(2), Told(3)
    clock = FakeClock(datetime(2026, 1, 31, tzinfo=UTC))
    assert await prune(timedelta(days=30), *stores, clock=clock) == 5
    assert [store.asked for store in stores] == [[datetime(2026, 1, 1, tzinfo=UTC)]] * 2


@pytest.mark.parametrize("age", [timedelta(), timedelta(days=-1)])
async def test_an_age_that_would_forget_everything_is_refused(age):
    with pytest.raises(SetupError, match="above zero"):
        await prune(age, MemoryRunIndex())


async def test_nothing_is_older_than_the_calendar():
    assert await prune(timedelta(days=999_999), MemoryRunIndex()) == 0
