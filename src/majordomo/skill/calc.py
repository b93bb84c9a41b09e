"""The skill that calculates."""

from __future__ import annotations

from majordomo.llm import BadArguments, tool
from majordomo.skill.calc_parser import CalcError, evaluate
from majordomo.skill.skill import Skill

__all__ = ["calc_skill"]

_INSTRUCTIONS = "Do arithmetic with the tool calculate, not in your head."


@tool(inline=True)
def calculate(expression: str) -> str:
    """Evaluate an arithmetic expression exactly.

    Args:
        expression: Numbers with + - * / % ^ and parentheses; ^ is power, % is the remainder.
    """
    try:
        return evaluate(expression)
    except CalcError as error:
        raise BadArguments(str(error)) from error


def calc_skill() -> Skill:
    """The tool `calculate`."""
    return Skill(name="calc", instructions=_INSTRUCTIONS, tools=(calculate,))
