"""A run is killed at every place that has a name: it is resumed, nothing is lost or done twice."""

import pytest
from crashing import Zygote, survive
from failpoints import FAILPOINTS, KINDS
from sabotage import SABOTAGES

from executus.run.restore import _READERS

A_FEW = (
    "commit.during",
    "journal.in.call",
    "journal.after.result",
    "journal.before.phase",
    "call.begun",
    "call.effected",
    "child.call.effected",
    "paused.waiting",
    "answering.taken",
    "resume.taken",
    "budget.in_commit",
    "audit.in_flush",
    "terminal.before",
    "end.in",
)
"""Of each kind of place one; `make crash` takes them all, over several seeds."""


@pytest.fixture(scope="module")
def zygote():
    with Zygote() as zygote:
        yield zygote


def test_every_kind_of_journal_entry_has_its_failpoints():
    assert set(KINDS) == {"begin", *_READERS}
    assert set(A_FEW) <= set(FAILPOINTS)


@pytest.mark.slow
@pytest.mark.parametrize("place", A_FEW)
def test_killed_at_a_named_place_a_run_ends_well(zygote, tmp_path, place):
    case = survive(zygote, tmp_path, 1, place)
    assert case.kills[place]
    assert case.ended
    assert case.faults == []


@pytest.mark.slow
def test_killed_from_outside_at_any_moment_a_run_ends_well(zygote, tmp_path):
    kills = 0
    for seed in range(5):
        (tmp_path / str(seed)).mkdir()
        case = survive(zygote, tmp_path / str(seed), seed)
        kills += case.kills["at random"]
        assert case.faults == [], seed
    assert kills


NOTICED = {
    "acknowledge_before_writing": ("journal.after.call", "entries were kept"),
    "begin_before_recording": ("call.effected", "was not recorded before it was begun"),
    "read_no_results": ("journal.after.result", "results of"),
    "doubt_nothing": ("call.effected", "was begun before"),
    "drop_records": ("audit.after_flush", "record "),
    "drop_spending": ("budget.after_commit", "spent "),
    "keep_no_terminal_record": ("end.before", "terminal record is missing"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SABOTAGES)
def test_what_is_broken_is_noticed(zygote, tmp_path, name):
    place, noticed = NOTICED[name]
    case = survive(zygote, tmp_path, 1, place, sabotage=name)
    assert any(noticed in fault for fault in case.faults), (case.faults, case.kills)
