"""Token counts: what is unknown stays unknown."""

import pytest

from majordomo.llm import Usage


def test_known_counts_add_up():
    first = Usage(input=10, output=5, cache_read=3, cache_write=1, reasoning=2, requests=1)
    second = Usage(input=1, output=2, cache_read=4, cache_write=5, reasoning=6, requests=2)
    assert first + second == Usage(
        input=11, output=7, cache_read=7, cache_write=6, reasoning=8, requests=3
    )


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        (Usage(input=1, output=2, requests=1), Usage(output=3, requests=1), (None, 5)),
        (Usage(input=1, requests=1), Usage(input=1, output=3, requests=1), (2, None)),
        (Usage(requests=1), Usage(input=1, output=1, requests=1), (None, None)),
    ],
)
def test_an_unknown_input_or_output_keeps_the_sum_unknown(first, second, total):
    for found in (first + second, second + first):
        assert (found.input, found.output) == total
        assert found.total is None
        assert found.requests == 2


def test_details_that_only_one_side_knows_are_kept():
    total = Usage(input=1, output=1, cache_read=3, requests=1) + Usage(
        input=1, output=1, reasoning=2, requests=1
    )
    assert (total.cache_read, total.cache_write, total.reasoning) == (3, None, 2)


def test_an_empty_usage_changes_nothing():
    used = Usage(input=1, output=2, requests=1)
    assert Usage() + used == used + Usage() == used


def test_counts_without_a_request_are_not_lost():
    assert Usage(input=5, output=1) + Usage(input=3, output=1) == Usage(input=8, output=2)
    assert (Usage(input=5) + Usage(input=3, requests=1)).input == 8


def test_total_is_input_plus_output():
    assert Usage(input=1, output=2).total == 3
