"""Names, grants and collisions of the tool registry."""

from dataclasses import replace
from decimal import Decimal

import pytest

from executus import SetupError, ToolRegistry
from executus.registry import (
    Effect,
    ToolPolicy,
    default_registry,
    own_policy,
    policy,
    with_policy,
)
from majordomo.errors import ToolDefinitionError
from majordomo.llm import tool


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
    with pytest.raises(SetupError, match=r"no tool matches 'clok.\*'; did you mean 'clock.\*'\?$"):
        default_registry().match(["clok.*"])


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(SetupError, match=r"did you mean 'calc\.calculate'"):
        default_registry().get("calc.calculte")


def test_collisions_are_refused():
    registry = ToolRegistry()
    registry.add("web", [search])
    with pytest.raises(SetupError, match=r"'web.search' is there; set_toolset"):
        registry.add("web", [search])


@pytest.mark.parametrize("name", ["", "Web", "a.b", "a__b", "1a"])
def test_toolset_names_are_checked(name):
    with pytest.raises(SetupError, match="toolset name"):
        ToolRegistry().add(name, [search])


def named(*names):
    return [tool(name=name, inline=True)(search) for name in names]


def test_names_that_could_be_taken_for_each_other_are_refused():
    registry = ToolRegistry()
    registry.add("web", named("search", "a__b"))
    for names in (["Search"], ["new", "SEARCH"], ["twice", "Twice"], ["A__b"]):
        with pytest.raises(SetupError, match="collides with"):
            registry.add("web", named(*names))
    assert registry.names == ("web.search", "web.a__b")
    registry.add("web_", named("b"))
    with pytest.raises(SetupError, match=r"'web._b' collides with 'web_.b'"):
        registry.add("web", named("_b"))


def test_a_name_too_long_for_a_model_is_refused():
    with pytest.raises(ToolDefinitionError, match="not portable"):
        ToolRegistry().add("web", named("x" * 60))


def test_a_toolset_is_replaced_as_a_whole_at_its_place():
    registry = ToolRegistry()
    registry.add("a", named("one"))
    registry.set_toolset("mcp", named("x", "y"))
    registry.add("b", named("two"))
    registry.set_toolset("mcp", named("y", "z"))
    assert registry.names == ("a.one", "mcp.y", "mcp.z", "b.two")
    with pytest.raises(SetupError, match="collides"):
        registry.set_toolset("mcp", named("q", "Q"))
    assert registry.names == ("a.one", "mcp.y", "mcp.z", "b.two")
    registry.remove_toolset("mcp")
    registry.remove_toolset("never")
    assert registry.names == ("a.one", "b.two")


def test_one_tool_is_no_list_of_tools():
    with pytest.raises(SetupError, match=r"the tools of 'web' are a list, such as \[search\]"):
        ToolRegistry().add("web", search)


@pytest.mark.parametrize("seconds", ["5", 0, float("nan"), None])
def test_a_tools_time_is_a_number_of_seconds(seconds):
    with pytest.raises(SetupError, match="number of seconds above 0, not "):
        ToolPolicy(timeout_s=seconds)


def test_patterns_for_a_toolset_that_comes_and_goes_may_match_nothing():
    registry = ToolRegistry()
    registry.set_toolset("mcp", named("x"))
    for tools in (named("y"), []):
        registry.set_toolset("mcp", tools)
        assert registry.match(["mcp.x"]) == ()
    assert registry.match(["mcp.*"]) == ()
    registry.remove_toolset("mcp")
    with pytest.raises(SetupError, match="no tool matches"):
        registry.match(["mcp.*"])


def test_a_tool_is_found_by_either_name():
    registry = default_registry()
    entry = registry.find("calc.calculate")
    assert registry.find("calc__calculate") is entry
    assert (entry.name, entry.toolset, registry.find("calc")) == ("calc.calculate", "calc", None)
    assert (entry.policy.effect, entry.policy.idempotent) == ("read", True)
    assert registry.get("calc.calculate") is entry.tool


def test_the_hosts_policy_counts_over_the_tools_own():
    declared = with_policy(search, effect="external", secrets=("github",))
    registry = ToolRegistry()
    registry.add("own", [declared])
    registry.add("replaced", [declared], policy=ToolPolicy(roles={"staff"}))
    registry.add("changed", [declared], policy=lambda own: replace(own, roles={"staff"}))
    own, replaced, changed = (registry.find(name).policy for name in registry.names)
    assert own == ToolPolicy(effect="external", secrets=("github",))
    assert replaced == ToolPolicy(roles=frozenset({"staff"}))
    assert changed == ToolPolicy(effect="external", secrets=("github",), roles={"staff"})


def test_a_policy_is_declared_above_or_below_the_tool():
    above = policy(effect="read")(tool(search))

    @tool
    @policy(effect="read", idempotent=True)
    def low(x: int) -> int:
        """Low."""
        return x

    both = policy(timeout_s=9, idempotent=False)(low)
    assert own_policy(above) == ToolPolicy(effect=Effect.READ)
    assert own_policy(low) == ToolPolicy(effect="read", idempotent=True)
    assert own_policy(both) == ToolPolicy(effect="read", timeout_s=9)
    assert own_policy(tool(search)) == ToolPolicy()


def test_a_tools_own_timeout_counts_where_no_policy_names_one():
    slow = tool(timeout_s=120)(search)
    registry = ToolRegistry()
    registry.add("a", [slow])
    registry.add("b", [policy(effect="read")(slow)])
    registry.add("c", [policy(timeout_s=5)(slow)])
    registry.add("d", [search])
    found = [registry.find(name) for name in registry.names]
    assert [entry.policy.timeout_s for entry in found] == [120, 120, 5, 60]
    assert [entry.tool.timeout_s for entry in found] == [120, 120, 5, 60]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"effect": "reed"}, "use 'read', 'write' or 'external'"),
        ({"secrets": "github"}, "secrets are a collection of names, not 'github'"),
        ({"roles": "admin"}, "roles are a collection"),
        ({"secrets": ("",)}, "secrets are a collection"),
        ({"timeout_s": 0}, "above 0"),
        ({"timeout_s": float("nan")}, "above 0"),
        ({"max_result_bytes": 255}, "at least 256"),
        ({"cost": "much"}, "must be a number"),
        ({"cost": -1}, "0 or more"),
        ({"cost": "NaN"}, "0 or more"),
    ],
)
def test_policies_out_of_range_are_refused_where_they_are_declared(changes, message):
    for declare in (ToolPolicy, policy, lambda **c: with_policy(search, **c)):
        with pytest.raises(SetupError, match=message):
            declare(**changes)


def test_costs_are_decimal():
    assert [ToolPolicy(cost=cost).cost for cost in (1, "0.10", 0.1)] == [
        Decimal(1),
        Decimal("0.10"),
        Decimal("0.1"),
    ]
