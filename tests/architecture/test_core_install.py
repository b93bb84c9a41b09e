"""A light host installs the core alone; these count what that brings (never time it)."""

from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import executus
import majordomo

DEPENDENCIES = {"httpx2", "pydantic", "anyio"}
MOST_DISTRIBUTIONS = 12


def unconditional(distribution):
    """Names a plain install of the distribution brings, on this interpreter."""
    for text in metadata.requires(distribution) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def test_the_core_requires_three_distributions():
    assert set(unconditional("executus")) == DEPENDENCIES


def test_a_core_install_is_at_most_twelve_distributions():
    found, queue = set(), ["executus"]
    while queue:
        name = queue.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            queue.extend(unconditional(name))
    assert len(found) <= MOST_DISTRIBUTIONS, sorted(found)


def test_dependencies_have_lower_bounds_and_no_upper_ones():
    for text in metadata.requires("executus"):
        requirement = Requirement(text)
        if requirement.name in DEPENDENCIES:
            assert [s.operator for s in requirement.specifier] == [">="], text


def test_both_packages_are_typed():
    for package in (executus, majordomo):
        assert (Path(package.__file__).parent / "py.typed").exists()
