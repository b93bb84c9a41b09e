"""The log: what was acknowledged is there after a kill at any byte; other damage is refused."""

import os

import pytest
from executus_gateway.domain import Ledger
from executus_gateway.errors import StateDamaged, StateLocked
from executus_gateway.local import FileStore
from executus_gateway.local.loglines import decode_log
from executus_gateway.schema import LOCAL_WORKSPACE, Drop, PolicyRule

from executus.testing import FakeClock


def rule(number):
    return PolicyRule(
        id=f"pol_{number}", workspace=LOCAL_WORKSPACE, pattern=f"a{number}.*", action="deny"
    )


def ledger(folder):
    return Ledger(FileStore(folder), new_id=lambda prefix: f"{prefix}_1", clock=FakeClock())


async def written(folder, count):
    """A folder with `count` events, as a killed process leaves it."""
    store = FileStore(folder)
    book = Ledger(store, new_id=lambda prefix: f"{prefix}_1", clock=FakeClock())
    await book.open()
    ends = []
    for number in range(count):
        await book.commit("policy.added", rule(number), actor="person")
        ends.append((folder / "events.jsonl").stat().st_size)
    await store.aclose()
    return ends


async def test_10_a_kill_at_every_byte_leaves_the_acknowledged_history(tmp_path):
    ends = await written(tmp_path / "whole", 3)
    data = (tmp_path / "whole" / "events.jsonl").read_bytes()
    for length in range(len(data) + 1):
        acknowledged = sum(end <= length for end in ends)
        log = decode_log(data[:length], "events.jsonl", 0)
        assert [event.sequence for event in log.events] == list(range(1, acknowledged + 1))
        assert log.torn_bytes == length - [0, *ends][acknowledged]


@pytest.mark.parametrize("behind_end", [-1, 0, 1, 40])
@pytest.mark.parametrize("whole", [0, 1, 2])
async def test_10_after_a_kill_the_log_goes_on_where_it_was_whole(tmp_path, whole, behind_end):
    folder = tmp_path / "home"
    ends = [0, *await written(folder, 3)]
    path = folder / "events.jsonl"
    length = max(0, ends[whole] + behind_end)
    path.write_bytes(path.read_bytes()[:length])
    kept = sum(end <= length for end in ends[1:])
    book = ledger(folder)
    assert await book.open() == length - ends[kept]
    await book.commit("policy.added", rule(9))
    await book.aclose()
    again = ledger(folder)
    await again.open()
    ids = [r.id for r in again.all(PolicyRule)]
    assert ids == [*(f"pol_{n}" for n in range(kept)), "pol_9"]
    await again.aclose()


async def test_any_changed_byte_of_a_whole_line_is_refused_with_its_line(tmp_path):
    ends = await written(tmp_path / "home", 2)
    path = tmp_path / "home" / "events.jsonl"
    data = path.read_bytes()
    for position in range(ends[-1] - 1):
        changed = bytearray(data)
        changed[position] ^= 1
        line = 1 if position < ends[0] else 2
        with pytest.raises(StateDamaged, match=f"events.jsonl, line {line}"):
            decode_log(bytes(changed), "events.jsonl", 0)
    path.write_bytes(data.replace(b"deny", b"allo", 1))
    with pytest.raises(StateDamaged, match=r"events.jsonl, line 1, was changed"):
        await ledger(tmp_path / "home").open()


async def test_a_missing_line_is_refused(tmp_path):
    await written(tmp_path / "home", 3)
    path = tmp_path / "home" / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(StateDamaged, match="line 2, has event 3 where 2 belongs"):
        await ledger(tmp_path / "home").open()


async def test_closing_folds_the_log_and_a_crash_in_between_is_harmless(tmp_path):
    folder = tmp_path / "home"
    await written(folder, 2)
    log = (folder / "events.jsonl").read_bytes()
    book = ledger(folder)
    await book.open()
    await book.aclose()
    assert (folder / "events.jsonl").read_bytes() == b""
    (folder / "events.jsonl").write_bytes(log)  # as if the log had not been begun anew
    again = ledger(folder)
    await again.open()
    assert [r.id for r in again.all(PolicyRule)] == ["pol_0", "pol_1"]
    assert again.sequence == 2
    await again.commit("policy.removed", Drop(collection="policy", id="pol_0"))
    await again.aclose()


async def test_a_damaged_snapshot_is_refused(tmp_path):
    folder = tmp_path / "home"
    await written(folder, 1)
    book = ledger(folder)
    await book.open()
    await book.aclose()
    path = folder / "snapshot.json"
    path.write_bytes(path.read_bytes().replace(b"deny", b"allo"))
    with pytest.raises(StateDamaged, match=r"snapshot.json, line 1, was changed"):
        await ledger(folder).open()
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(StateDamaged, match="cut off"):
        await ledger(folder).open()


async def test_one_process_owns_a_folder_and_only_its_owner_reads_it(tmp_path):
    first, second = ledger(tmp_path / "home"), ledger(tmp_path / "home")
    await first.open()
    with pytest.raises(StateLocked, match="in use by another process"):
        await second.open()
    await first.aclose()
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "home").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    await second.open()
    await second.aclose()


async def test_a_failed_write_leaves_no_half_line(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    book = ledger(folder)
    await book.open()
    await book.commit("policy.added", rule(1))

    real, failures = os.fsync, [OSError(28, "No space left on device")]

    def full(descriptor):
        if failures:
            raise failures.pop()
        real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr("executus_gateway.local.filestore.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            await book.commit("policy.added", rule(2))
    assert book.get(PolicyRule, "pol_2") is None
    await book.commit("policy.added", rule(3))
    await book.aclose()
    again = ledger(folder)
    await again.open()
    assert [r.id for r in again.all(PolicyRule)] == ["pol_1", "pol_3"]
    await again.aclose()


async def test_a_log_without_the_snapshot_it_goes_on_from_is_refused(tmp_path):
    folder = tmp_path / "home"
    await written(folder, 2)
    book = ledger(folder)
    await book.open()
    await book.aclose()
    await written_more(folder)
    (folder / "snapshot.json").unlink()
    with pytest.raises(StateDamaged, match="line 1, has event 3 where 1 belongs"):
        await ledger(folder).open()


async def written_more(folder):
    store = FileStore(folder)
    book = Ledger(store, new_id=lambda prefix: f"{prefix}_1", clock=FakeClock())
    await book.open()
    await book.commit("policy.added", rule(7))
    await store.aclose()
