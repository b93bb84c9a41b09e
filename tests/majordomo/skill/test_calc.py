"""The calculator: a table, its errors, and an independent oracle."""

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.llm import Toolbox, ToolCallPart
from majordomo.skill import calc_skill
from majordomo.skill.calc_parser import MAX_CHARS, MAX_DEPTH, CalcError, evaluate

VALUES = [
    ("1+2*3", "7"),
    ("(1+2)*3", "9"),
    ("10-4-3", "3"),
    ("100/5/2", "10"),
    ("2*3%4", "2"),
    ("-2^2", "-4"),
    ("(-2)^2", "4"),
    ("2^-1", "0.5"),
    ("2^3^2", "512"),
    ("2**10", "1024"),
    ("2^-2^2", "0.0625"),
    ("--2", "2"),
    ("+-+3", "-3"),
    ("2*-3", "-6"),
    ("2^64", "18446744073709551616"),
    ("2^64+1-2^64", "1"),
    ("6/3", "2"),
    ("7/2", "3.5"),
    ("7%3", "1"),
    ("-7%3", "-1"),
    ("7%-3", "1"),
    ("-7.5%2", "-1.5"),
    ("1e3", "1000"),
    ("1.5E-2", "0.015"),
    (".5+5.", "5.5"),
    ("0.1+0.2", "0.3"),
    ("2.0*3", "6"),
    ("-0.0", "0"),
    ("1e20", "1e+20"),
    ("3 × 4 ÷ 2 − 1", "5"),  # noqa: RUF001
    (" ( 1 + 2 ) ", "3"),
    ("0^0", "1"),
    ("1^(10^900)", "1"),
    ("(0-1)^(10^900+1)", "-1"),
    ("10^999-10^999", "0"),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_expressions_have_their_value(expression, value):
    assert evaluate(expression) == value


ERRORS = [
    ("", "the expression ends at position 1"),
    ("1+", "the expression ends at position 3"),
    ("1 2", "unexpected '2' at position 3"),
    (")", "unexpected ')' at position 1"),
    ("(1+2", "parenthesis at position 1 is never closed"),
    ("(1 2)", "unexpected '2' at position 4"),
    ("2e", "unexpected 'e' at position 2"),
    ("abs(1)", "unexpected 'a' at position 1"),
    ("1+x", "unexpected 'x' at position 3"),
    ("1/0", "division by zero at position 2"),
    ("5 % 0", "division by zero at position 3"),
    ("5 % 0.0", "division by zero at position 3"),
    ("0^-1", "division by zero at position 2"),
    ("(-8)^0.5", "no real power of that exponent at position 5"),
    ("9^9^9", "too large"),
    ("10^1000", "too large"),
    ("7^10^8", "too large"),
    ("2^0.5^-99999", "too large"),
    ("1e999", "too large (over 1000 digits or not finite) at position 1"),
    ("1e308*10", "too large (over 1000 digits or not finite) at position 6"),
    ("10^900*10^900", "position 7"),
    ("10^900/3", "too large"),
    ("(" * 60 + "1" + ")" * 60, "nested deeper than 50 at position 51"),
    ("-" * 60 + "1", "nested deeper than 50 at position 51"),
    ("2^" * 60 + "1", "nested deeper than 50"),
    ("1" * (MAX_CHARS + 1), "1001 characters, more than 1000"),
]


@pytest.mark.parametrize(("expression", "said"), ERRORS)
def test_errors_say_what_and_where(expression, said):
    with pytest.raises(CalcError, match=re.escape(said)):
        evaluate(expression)


def test_limits_themselves_are_accepted():
    assert evaluate("(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH) == "1"
    assert evaluate("1" * MAX_CHARS) == "1" * MAX_CHARS


def test_siblings_do_not_add_up_to_depth():
    assert evaluate("+".join(["(1)"] * 200)) == "200"


NUMBERS = st.integers(0, 50).map(str) | st.sampled_from(["0.5", "2.25", "1e2", "10"])


def combined(inner):
    binary = st.tuples(inner, st.sampled_from("+-*/%"), inner).map("".join)
    power = st.tuples(inner, st.sampled_from("0123")).map(lambda p: f"({p[0]})^{p[1]}")
    return st.one_of(
        binary, power, inner.map(lambda e: f"({e})"), inner.map(lambda e: f"-{e}"), binary
    )


class Exact(Fraction):
    """A fraction whose remainder takes the dividend's sign."""

    def __mod__(self, other):
        rest = abs(Fraction(self)) % abs(Fraction(other))
        return Exact(-rest if self < 0 else rest)


for name in ("add", "sub", "mul", "truediv", "pow", "neg"):

    def method(self, *others, _name=f"__{name}__"):
        return Exact(getattr(Fraction, _name)(self, *others))

    setattr(Exact, f"__{name}__", method)


def oracle(expression):
    """Python's own grammar over exact fractions: the same precedence, another implementation."""
    numbers = r"\d+(?:\.\d+)?(?:e\d+)?"
    source = re.sub(numbers, lambda m: f"Exact('{m[0]}')", expression).replace("^", "**")
    return eval(source, {"Exact": Exact})


@given(st.recursive(NUMBERS, combined, max_leaves=8))
def test_random_expressions_agree_with_exact_fractions(expression):
    try:
        expected = oracle(expression)
    except ZeroDivisionError:
        with pytest.raises(CalcError, match="division by zero"):
            evaluate(expression)
        return
    if "%" in expression and any(c in expression for c in "./e"):
        return  # a float's remainder may jump where the exact one does not
    try:
        found = evaluate(expression)
    except CalcError as error:
        # A tiny float difference can be exactly zero, and a huge one out of a float's range.
        assert "division by zero" in str(error) or "too large" in str(error)  # noqa: PT017
        return
    if re.fullmatch(r"-?\d+", found) and not any(c in expression for c in "./e"):
        assert Fraction(found) == expected
    else:
        assert math.isclose(float(found), float(expected), rel_tol=1e-6, abs_tol=1e-3)


@given(st.text(alphabet="0123456789.e+-*/%^() x", max_size=40))
def test_any_text_gives_a_value_or_a_calc_error(text):
    try:
        assert re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?", evaluate(text))
    except CalcError as error:
        assert "position" in str(error)  # noqa: PT017


async def test_the_tool_answers_with_text():
    (tool,) = calc_skill().tools
    call = ToolCallPart(id="1", name="calculate", arguments='{"expression": "2^10"}')
    result = await Toolbox([tool]).execute(call)
    assert (result.text, result.is_error) == ("1024", False)


async def test_the_tool_tells_the_model_where_its_expression_is_wrong():
    call = ToolCallPart(id="1", name="calculate", arguments='{"expression": "1/0"}')
    result = await Toolbox(calc_skill().tools).execute(call)
    assert result.is_error
    assert result.text == "invalid arguments for calculate: division by zero at position 2"
