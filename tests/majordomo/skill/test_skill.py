"""What makes a skill."""

import pytest

from majordomo.errors import ConfigError, ToolDefinitionError
from majordomo.llm import tool
from majordomo.skill import Skill


@tool(inline=True)
def ping() -> str:
    """Answer."""
    return "pong"


def test_a_skill_holds_its_parts_and_keeps_tools_as_a_tuple():
    tools = [ping]
    skill = Skill(name="net", instructions="Ping first.", tools=tools)
    tools.clear()
    assert (skill.name, skill.instructions, skill.tools) == ("net", "Ping first.", (ping,))


def test_instructions_alone_and_tools_alone_are_enough():
    assert Skill(name="polite", instructions="Be polite.").tools == ()
    assert Skill(name="net", tools=[ping]).instructions == ""


@pytest.mark.parametrize("name", ["", "  "])
def test_a_skill_needs_a_name(name):
    with pytest.raises(ConfigError, match="needs a name"):
        Skill(name=name, instructions="x")


def test_an_empty_skill_is_refused_by_name():
    with pytest.raises(ConfigError, match="'idle' has neither instructions nor tools"):
        Skill(name="idle", instructions=" ")


def test_two_tools_of_one_name_are_refused():
    with pytest.raises(ToolDefinitionError, match="two tools are named 'ping'"):
        Skill(name="net", tools=[ping, ping])
