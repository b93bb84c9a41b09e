"""The tables themselves: nothing stale in them, and a difference nobody meant is found."""

import pytest
from sdks import need_sdks

need_sdks()

from comparison import ABSENT, Change, Difference, changes, judge
from differences import DIFFERENCES, EQUIVALENCES
from shapes import SHAPES
from vendor import WAITS
from vendors import VENDORS

NAMES = [vendor.name for vendor in VENDORS]


def cases(vendor):
    """Names of all cases of a vendor."""
    shapes = (*SHAPES, *vendor.own)
    return [
        *(f"request/{shape.name}" for shape in shapes if shape.name in vendor.calls),
        *(f"answer/{each.name}, whole" for each in vendor.answers if each.whole is not None),
        *(f"answer/{each.name}, streamed" for each in vendor.answers if each.stream),
        *(f"error/{each.name}" for each in vendor.refusals),
        *(f"wait/{name}" for name in WAITS if vendor.wait_s is not None),
    ]


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda v: v.name)
def test_case_names_are_unique(vendor):
    names = cases(vendor)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("each", DIFFERENCES, ids=lambda d: f"{d.vendor}: {d.at}")
def test_every_difference_names_cases_that_exist(each):
    vendor = next(vendor for vendor in VENDORS if vendor.name == each.vendor)
    for pattern in each.cases:
        only = Difference(vendor=each.vendor, cases=(pattern,), at="", why="")
        assert any(only.concerns(vendor.name, case) for case in cases(vendor)), pattern


def test_every_entry_is_of_a_known_vendor_and_says_why():
    for each in (*DIFFERENCES, *EQUIVALENCES):
        assert each.vendor in NAMES
        assert each.why


MEANT = Difference(vendor="v", cases=("request/*",), at="a.*", ours=1, theirs=ABSENT, why="so")


@pytest.mark.parametrize(
    ("ours", "theirs", "problems"),
    [
        ({"a": {"x": 1}}, {"a": {}}, 0),
        ({"a": {"x": 1}, "b": 1}, {"a": {}}, 1),
        ({"a": {"x": 2}}, {"a": {}}, 2),
        ({"a": {"x": 1}}, {"a": {"x": None}}, 2),
        ({"a": {}}, {"a": {}}, 1),
    ],
)
def test_a_case_is_judged_by_what_is_listed(ours, theirs, problems):
    assert len(judge("v", "request/x", ours, theirs, [MEANT])) == problems


def test_what_is_listed_for_others_does_not_count():
    assert judge("w", "request/x", {"a": {"x": 1}}, {"a": {}}, [MEANT])
    assert judge("v", "answer/x", {"a": {"x": 1}}, {"a": {}}, [MEANT])


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ({"a": [1, 2]}, {"a": [1]}, [Change("a.1", 2, ABSENT)]),
        ({"a": [1]}, {"a": [2, 3]}, [Change("a.0", 1, 2), Change("a.1", ABSENT, 3)]),
        (True, 1, [Change("", True, 1)]),
        (None, {}, [Change("", None, {})]),
        ({"a": None}, {}, [Change("a", None, ABSENT)]),
        ("x", "x", []),
    ],
)
def test_changes_are_the_smallest_places_that_differ(ours, theirs, found):
    assert changes(ours, theirs) == found
