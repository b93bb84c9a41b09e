"""The soak, short: `make soak` runs twenty thousand."""

import sys
from pathlib import Path

import pytest
from soakruns import Soak, report
from soaktable import PARTS, of_tests, run, table

from executus.batteries.audit import AuditLog
from executus.run import closing


@pytest.mark.slow
@pytest.mark.timeout(280)
async def test_a_hundred_runs_leave_nothing_behind():
    soak = Soak(120)
    await soak.run()
    assert soak.left == {}
    assert soak.wrong == {}
    assert soak.ends.open == {}
    assert soak.ends.statuses.total() == 120
    assert {"ok", "failed", "cancelled"} <= set(soak.ends.statuses)


@pytest.mark.slow
@pytest.mark.timeout(280)
async def test_it_notices_what_is_lost_and_what_is_left(monkeypatch):
    async def unsettled(state):
        pass

    async def silent(self, info, result):
        pass

    monkeypatch.setattr(closing, "_settle", unsettled)
    monkeypatch.setattr(AuditLog, "close_run", silent)
    soak = Soak(60)
    await soak.run()
    assert soak.left["reservations"] > 40
    assert sum(soak.ends.open.values()) == 60


def test_memory_that_grows_has_a_slope():
    soak = Soak(10)
    soak.memory = [(1000 * n, 50 + 0.3 * n) for n in range(20)]
    assert soak.growth_mb == pytest.approx(3.0)


def test_the_table_sums_what_the_parts_say():
    rows = [
        {"part": "runs", "cases": 20_000, "survived": 19_999, "leaked": 0, "lost": 1},
        {"part": "kills", "cases": 5, "survived": 5, "leaked": 2, "lost": 0},
    ]
    *_, last = table(rows).splitlines()
    assert last.split() == ["all", "20,005", "20,004", "2", "1"]


def test_a_part_is_read_by_its_lines(capsys):
    line = report("runs", 3, 2, 0, 1)
    code, found, _ = run([sys.executable, "-c", f"print('x'); print({line!r}); exit(3)"], {})
    assert code == 3
    assert found == [{"part": "runs", "cases": 3, "survived": 2, "leaked": 0, "lost": 1}]
    assert line in capsys.readouterr().out


def test_the_parts_are_there():
    files = [word.partition("::")[0] for command, _ in PARTS.values() for word in command]
    paths = [Path(word) for word in files if word.endswith((".py", ".toml"))]
    assert paths
    assert [path for path in paths if not path.exists()] == []


@pytest.mark.parametrize(
    ("summary", "survived", "lost"),
    [
        ("14823 passed in 566.61s (0:09:26)", 14_823, 0),
        ("1 failed, 4 passed, 3 skipped, 179 deselected, 2 errors in 5.00s", 4, 3),
        ("no tests ran in 0.01s", 0, 0),
    ],
)
def test_a_part_of_tests_alone_is_read_by_its_last_line(summary, survived, lost):
    row = of_tests("lab", summary)
    assert (row["survived"], row["lost"], row["cases"]) == (survived, lost, survived + lost)
