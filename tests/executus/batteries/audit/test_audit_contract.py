"""The contracts hold for the memory defaults and for a host's own stores, and find broken ones."""

import json

import pytest

from executus.batteries.audit import MemoryAuditStore, MemoryRunIndex, record_from_json
from executus.testing.contracts import AUDIT_CONTRACT, RUNS_CONTRACT, ContractBroken


class LinesStore:
    """A host's own: JSON texts in one list."""

    def __init__(self):
        self.lines = []

    async def write(self, records):
        for record in records:
            line = json.dumps(record.as_json())
            ids = [json.loads(line)["id"] for line in self.lines]
            if record.id in ids:
                self.lines[ids.index(record.id)] = line
            else:
                self.lines.append(line)

    async def read(self, run_id):
        records = [record_from_json(json.loads(line)) for line in self.lines]
        return [record for record in records if record.run_id == run_id]


class TextIndex:
    def __init__(self):
        self.texts = {}

    async def put(self, record):
        self.texts[record.run_id] = json.dumps(record.as_json())

    async def get(self, run_id):
        return record_from_json(json.loads(self.texts[run_id])) if run_id in self.texts else None

    async def list(self, query):
        runs = [await self.get(run_id) for run_id in self.texts]
        found = sorted(filter(query.matches, runs), key=lambda r: (r.started, r.run_id))[::-1]
        return found[query.offset : query.offset + query.limit]


@pytest.mark.parametrize("store", [MemoryAuditStore, LinesStore])
@pytest.mark.parametrize("check", AUDIT_CONTRACT, ids=lambda check: check.__name__)
async def test_the_contract_of_stores_holds(check, store):
    await check(store())


@pytest.mark.parametrize("index", [MemoryRunIndex, TextIndex])
@pytest.mark.parametrize("check", RUNS_CONTRACT, ids=lambda check: check.__name__)
async def test_the_contract_of_indexes_holds(check, index):
    await check(index())


class Appends(LinesStore):
    async def write(self, records):
        self.lines += [json.dumps(record.as_json()) for record in records]


class OldestFirst(TextIndex):
    async def list(self, query):
        return (await super().list(query))[::-1]


async def held(contract, implementation):
    for check in contract:
        await check(implementation())


async def test_the_contracts_find_broken_stores():
    for contract, broken in ((AUDIT_CONTRACT, Appends), (RUNS_CONTRACT, OldestFirst)):
        with pytest.raises(ContractBroken):
            await held(contract, broken)


async def test_memory_keeps_the_latest_runs_only():
    store, index = MemoryAuditStore(max_runs=2), MemoryRunIndex(max_runs=2)
    from executus.testing.contracts.audit import _denial, _run

    for name in "abc":
        await store.write([_denial(1, name)])
        await index.put(_run(name))
    assert [len(await store.read(name)) for name in "abc"] == [0, 1, 1]
    assert await index.get("a") is None
