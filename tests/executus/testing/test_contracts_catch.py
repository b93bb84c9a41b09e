"""Each contract finds stores that are wrong in a way that is easily written."""

from dataclasses import replace

import pytest

from executus.batteries.audit import MemoryAuditStore, MemoryRunIndex
from executus.batteries.budget import MemoryBudgetStorage
from executus.batteries.checkpoint import MemoryJournalStorage
from executus.batteries.persona import MemoryNotes, MemoryPersonas
from executus.batteries.schedule import MemorySchedule
from executus.batteries.skill import MemorySkills
from executus.testing.contracts import (
    AUDIT_CONTRACT,
    BUDGET_CONTRACT,
    JOURNAL_CONTRACT,
    NOTES_CONTRACT,
    PERSONA_CONTRACT,
    RUNS_CONTRACT,
    SCHEDULE_CONTRACT,
    SKILL_CONTRACT,
)


class ByTime(MemoryAuditStore):
    async def read(self, run_id):
        return tuple(sorted(await super().read(run_id), key=lambda record: record.id))


class KeepsTheFirst(MemoryAuditStore):
    async def write(self, records):
        kept = [one.id for record in records for one in await self.read(record.run_id)]
        await super().write([record for record in records if record.id not in kept])


class PagesFirst(MemoryRunIndex):
    async def list(self, query):
        page = await super().list(type(query)(limit=query.limit, offset=query.offset))
        return tuple(run for run in page if query.matches(run))


class OldColumns(MemoryRunIndex):
    def __init__(self):
        super().__init__()
        self.first = {}

    async def put(self, record):
        self.first.setdefault(record.run_id, record)
        await super().put(record)

    async def list(self, query):
        found = await super().list(type(query)())
        return tuple(run for run in found if query.status in (None, self.first[run.run_id].status))[
            query.offset : query.offset + query.limit
        ]


class ReleasesAll(MemoryBudgetStorage):
    async def release(self, run_id):
        self._reserved.clear()


class Floats(MemoryBudgetStorage):
    async def used(self, account, *, after_us, now_us):
        return int(float(await super().used(account, after_us=after_us, now_us=now_us)))


class CountsEqualOnes(MemoryBudgetStorage):
    def __init__(self):
        super().__init__()
        self._seen = set()

    async def commit(self, run_id, amounts, now_us):
        new = {(account, amount, now_us) for account, amount in amounts.items()} - self._seen
        self._seen |= new
        await super().commit(run_id, {account: amount for account, amount, _ in new}, now_us)


class EndsAll(MemoryJournalStorage):
    async def end(self, run_id):
        self._journals.clear()


class SortsPlacesAsText(MemoryJournalStorage):
    async def load(self, run_id):
        entries = await super().load(run_id)
        return tuple(entries[at] for at in sorted(range(len(entries)), key=str))


class IgnoresCase(MemoryPersonas):
    async def get(self, name, version=None):
        return await super().get(name.lower(), version)


class NoConflict(MemoryPersonas):
    async def save(self, persona):
        latest = len(await self.versions(persona.name))
        return await super().save(replace(persona, version=latest))


class OneList(MemoryNotes):
    async def add(self, persona, caller_id, note, *, keep):
        await super().add(persona, caller_id, note, keep=keep)
        others = [key for key in self._notes if key != (persona, caller_id)]
        while others and sum(map(len, self._notes.values())) > keep:
            self._notes.pop(others.pop())


class KeepsTheOldest(MemoryNotes):
    async def get(self, persona, caller_id):
        return tuple(sorted(await super().get(persona, caller_id)))


class StateOfAVersion(MemorySkills):
    async def save(self, skill):
        saved = await super().save(skill)
        self._states[skill.name] = skill.state
        return saved


class EveryVersion(MemorySkills):
    async def list(self, state=None):
        found = await super().list(None)
        return tuple(one for one in found if state in (None, one.state, "archived"))


class PutsBack(MemorySchedule):
    async def put(self, job, next_fire, *, instead_of=None):
        await self.remove(job.id)
        return await super().put(job, next_fire)


class ClaimsByTime(MemorySchedule):
    async def claim(self, job_id, due, following):
        won = await super().claim(job_id, due, following)
        for one in await self.list() if won else ():
            await super().claim(one.job.id, due, following)
        return won


class AnyoneGivesBack(MemorySchedule):
    async def lease(self, owner, now, until):
        won = await super().lease(owner, now, until)
        if until <= now:
            self._lead = None
        return won


WRONG = [
    (AUDIT_CONTRACT, ByTime, KeepsTheFirst),
    (RUNS_CONTRACT, PagesFirst, OldColumns),
    (BUDGET_CONTRACT, ReleasesAll, Floats, CountsEqualOnes),
    (JOURNAL_CONTRACT, EndsAll, SortsPlacesAsText),
    (PERSONA_CONTRACT, IgnoresCase, NoConflict),
    (NOTES_CONTRACT, OneList, KeepsTheOldest),
    (SKILL_CONTRACT, StateOfAVersion, EveryVersion),
    (SCHEDULE_CONTRACT, PutsBack, ClaimsByTime, AnyoneGivesBack),
]


@pytest.mark.parametrize(
    ("contract", "wrong"), [(checks, store) for checks, *stores in WRONG for store in stores]
)
async def test_a_wrong_store_is_found(contract, wrong):
    failed = []
    for check in contract:
        try:
            await check(wrong())
        except AssertionError:
            failed.append(check.__name__)
    assert failed
