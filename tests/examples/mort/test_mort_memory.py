"""The store that the host makes itself keeps the contract of its seam, and outlives a process."""

import pytest

from executus.testing.contracts import SCRATCH_CONTRACT
from executus.tools.store import Scope
from mort.memory import FileMemory

ANN = Scope(caller="ann")


@pytest.mark.parametrize("check", SCRATCH_CONTRACT, ids=lambda check: check.__name__)
async def test_the_hosts_memory_keeps_the_contract(check, tmp_path):
    await check(lambda quota: FileMemory(tmp_path / "memory.jsonl", quota))


async def test_what_was_put_is_there_for_the_next_process(tmp_path):
    before = FileMemory(tmp_path / "memory.jsonl")
    await before.put(ANN, "tea", "with milk")
    await before.put(ANN, "tea", ", no sugar", append=True)
    await before.put(ANN, "old", "x")
    await before.delete(ANN, "old")
    after = FileMemory(tmp_path / "memory.jsonl")
    assert await after.get(ANN, "tea") == "with milk, no sugar"
    assert [entry.key for entry in await after.entries(ANN)] == ["tea"]


async def test_half_a_line_of_a_process_that_died_is_none(tmp_path):
    path = tmp_path / "memory.jsonl"
    await FileMemory(path).put(ANN, "tea", "with milk")
    with path.open("ab") as file:
        file.write(b'["", "ann", "tea", "with su')
    memory = FileMemory(path)
    assert await memory.get(ANN, "tea") == "with milk"
    await memory.put(ANN, "cake", "yes")
    assert await FileMemory(path).get(ANN, "cake") == "yes"
