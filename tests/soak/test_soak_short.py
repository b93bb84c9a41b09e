"""The soak, short: `make soak` runs twenty thousand."""

import pytest
from soakruns import Soak

from executus.batteries.audit import AuditLog
from executus.run import closing


@pytest.mark.slow
@pytest.mark.timeout(280)
async def test_some_hundred_runs_leave_nothing_behind():
    soak = Soak(300)
    await soak.run()
    assert soak.left == {}
    assert soak.wrong == {}
    assert soak.ends.open == {}
    assert soak.ends.statuses.total() == 300
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
