"""What was tried is one sentence, whatever is known of it."""

import pytest
from runstories import attempt

from executus.runpage import trouble


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (attempt("retry", reason="429", wait_s=2.0), "p/first asked again after 2.0 s: 429"),
        (attempt("retry"), "p/first asked again after a while"),
        (attempt("bench", reason="503", wait_s=30.0), "p/first benched for 30.0 s: 503"),
        (attempt("bench"), "p/first benched"),
        (attempt("skip", reason="benched"), "p/first skipped: benched"),
        (attempt("advance", reason="401", to="q/x"), "q/x asked instead of p/first: 401"),
        (attempt("advance", reason="401"), "p/first given up, no target left: 401"),
        (attempt("pondered", reason="why"), "p/first pondered: why"),
    ],
)
def test_a_detour_is_one_sentence(record, sentence):
    assert trouble(record) == sentence
