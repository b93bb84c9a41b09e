"""Names, grants and collisions of the tool registry."""

import pytest

from executus import SetupError, ToolRegistry
from executus.registry import default_registry


def search(query: str) -> str:
    """Search."""
    return query


def test_the_default_registry_has_clock_and_calc():
    assert default_registry().names == ("clock.time_now", "clock.time_convert", "calc.calculate")


def test_globs_match_in_registry_order():
    registry = default_registry()
    assert registry.match(["calc.*", "clock.time_now"]) == ("clock.time_now", "calc.calculate")


def test_a_tool_goes_to_the_wire_without_dots():
    registry = ToolRegistry()
    registry.add("web", [search])
    assert registry.names == ("web.search",)
    assert registry.get("web.search").name == "web__search"


def test_a_grant_that_matches_nothing_is_refused_with_a_suggestion():
    with pytest.raises(SetupError, match=r"no tool matches 'clok.\*'; did you mean 'clock.\*'"):
        default_registry().match(["clok.*"])


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(SetupError, match=r"did you mean 'calc\.calculate'"):
        default_registry().get("calc.calculte")


def test_collisions_are_refused():
    registry = ToolRegistry()
    registry.add("web", [search])
    with pytest.raises(SetupError, match=r"'web.search' collides with 'web.search'"):
        registry.add("web", [search])


@pytest.mark.parametrize("name", ["", "Web", "a.b", "a__b", "1a"])
def test_toolset_names_are_checked(name):
    with pytest.raises(SetupError, match="toolset name"):
        ToolRegistry().add(name, [search])
