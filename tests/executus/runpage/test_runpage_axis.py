"""Moments stand in proportion, except that long pauses are cut short."""

from itertools import pairwise

import pytest
from runstories import START, at

from executus.runpage.axis import axis_of


def test_moments_stand_in_proportion():
    axis = axis_of([(at(0), at(4)), (at(5), at(10))])
    assert [axis.place(at(s)) for s in (0, 2.5, 5, 10)] == [0, 25, 50, 100]
    assert axis.cuts() == []


def test_what_is_outside_stands_at_the_edge():
    axis = axis_of([(at(0), at(10))])
    assert (axis.place(at(-5)), axis.place(at(99))) == (0, 100)


def test_a_night_is_cut_and_the_rest_stays_in_proportion():
    axis = axis_of([(at(0), at(30)), (at(50_000), at(50_010))])
    ((begin, end, seconds),) = axis.cuts()
    assert (begin, end, seconds) == (pytest.approx(72), pytest.approx(76), 49_970)
    assert axis.place(at(50_005)) == pytest.approx(88)
    assert axis.place(at(1_000)) == pytest.approx(72)
    assert [tick.at_s for tick in axis.ticks()] == [0, 50_000]


@pytest.mark.parametrize("pause", [59, 100])
def test_a_pause_is_kept_when_it_is_short_absolutely_or_beside_the_work(pause):
    work = 10 if pause == 59 else 1000
    assert axis_of([(at(0), at(work)), (at(work + pause), at(work + pause + 1))]).cuts() == []


def test_many_nights_leave_room_for_the_days():
    axis = axis_of([(at(day * 86_400), at(day * 86_400 + 10)) for day in range(100)])
    cuts = axis.cuts()
    assert len(cuts) == 99
    assert sum(end - begin for begin, end, _ in cuts) == pytest.approx(40)
    assert len(axis.ticks()) <= 9


@pytest.mark.parametrize("length", [1e-6, 0.004, 0.3, 1, 7, 61, 4_000, 90_000, 3e7])
def test_ticks_are_round_few_and_in_order(length):
    ticks = axis_of([(START, at(length))]).ticks()
    assert 1 <= len(ticks) <= 8
    assert ticks[0].percent == 0
    assert all(one.percent < other.percent <= 100 for one, other in pairwise(ticks))


def test_a_run_without_any_duration_has_an_axis():
    axis = axis_of([(START, START)])
    assert axis.place(START) == 0
    assert len(axis.ticks()) == 1
