"""README's table of features is the data's, and each of its cells is held by tests that exist."""

import subprocess
import sys
from pathlib import Path

import pytest
from featurematrix import COLUMNS, FILE, NOT_ON_THIS_WIRE, NOTES, PROVIDERS, TESTS, node_ids, table

from majordomo.builtin import default_registry

PLAIN = ("-q", "-o", "addopts=--import-mode=importlib")  # one line a test, whatever the settings
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def collected():
    """Every test that pytest finds in the file of the features."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", *PLAIN, FILE],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {line for line in done.stdout.splitlines() if "::" in line}


def test_readme_shows_the_table():
    """`python tests/support/featurematrix.py` prints what belongs there."""
    assert table() in (ROOT / "README.md").read_text()


def test_readme_names_the_file_that_holds_the_table():
    assert "(tests/support/featurematrix.py)" in (ROOT / "README.md").read_text()


@pytest.mark.slow
def test_every_cell_that_says_yes_is_held_by_tests_and_no_other_is(collected):
    wanted = {
        id_
        for feature in TESTS
        for provider in PROVIDERS
        if (feature, provider) not in NOT_ON_THIS_WIRE
        for id_ in node_ids(feature, provider)
    }
    assert wanted == collected


def test_every_cell_has_a_word_for_a_feature_and_a_provider_there_are():
    registry = default_registry({})
    assert all(registry.provider(name).name == name for name in PROVIDERS)
    assert sorted(PROVIDERS) == sorted(name for names in COLUMNS.values() for name in names)
    for feature, provider in (*NOTES, *NOT_ON_THIS_WIRE):
        assert feature in TESTS
        assert provider in PROVIDERS
    assert not NOTES.keys() & NOT_ON_THIS_WIRE.keys()
