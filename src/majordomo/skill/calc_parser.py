"""Arithmetic from text: a precedence-climbing parser that evaluates as it reads.

    binary  := unary (("+" | "-" | "*" | "/" | "%") binary)*    by precedence, left to right
    unary   := ("+" | "-") unary | power
    power   := primary ("^" unary)?                             right to left
    primary := number | "(" binary ")"

So `-2^2` is -4 and `2^-1` is 0.5. Whole numbers stay exact integers as long as the result is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeAlias

__all__ = ["MAX_CHARS", "MAX_DEPTH", "MAX_DIGITS", "CalcError", "evaluate"]

Number: TypeAlias = int | float

MAX_CHARS = 1000
MAX_DEPTH = 50
MAX_DIGITS = 1000
_MAX_BITS = int(MAX_DIGITS * math.log2(10))
_LARGEST = 10**MAX_DIGITS

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPACE = re.compile(r"\s*")
_SIGNS = {"\u00d7": "*", "\u00b7": "*", "\u00f7": "/", "\u2212": "-"}
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2}


class CalcError(ValueError):
    """An expression that has no value here; the message says why and where."""


def evaluate(expression: str) -> str:
    """The value of an expression, as text: integers in full, else 15 significant digits.

    Args:
        expression: Numbers (scientific notation too) with `+ - * / % ^ ( )`; `**` and the
            typographic signs of multiplication, division and minus are accepted as well.
            `%` takes the dividend's sign.

    Raises:
        CalcError: It is not arithmetic, longer than 1,000 characters, nested deeper than 50, or
            it divides by zero, or a value is not finite or over 1,000 digits.
    """
    if len(expression) > MAX_CHARS:
        raise CalcError(
            f"the expression has {len(expression)} characters, more than {MAX_CHARS}; "
            f"split it before position {MAX_CHARS + 1}"
        )
    return _shown(_Parser(expression).parse())


def _shown(value: Number) -> str:
    if isinstance(value, float):
        text = f"{value:.15g}"
        return "0" if text == "-0" else text
    return str(value)


class _Parser:
    """Reads one expression; positions in messages count from 1."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def parse(self) -> Number:
        value = self._binary(1)
        if self._peek():
            raise self._unexpected("an operator or the end")
        return value

    def _binary(self, least: int) -> Number:
        value = self._unary()
        while (rank := _PRECEDENCE.get(sign := self._peek(), 0)) >= least:
            at = self._at
            self._at += 1
            right = self._binary(rank + 1)
            value = self._checked(at, _OPERATIONS[sign], value, right)
        return value

    def _unary(self) -> Number:
        sign = self._peek()
        if sign not in ("+", "-"):
            return self._power()
        with self._deeper():
            self._at += 1
            value = self._unary()
        return -value if sign == "-" else value

    def _power(self) -> Number:
        base = self._primary()
        if self._peek() != "^":
            return base
        at = self._at
        self._at += 2 if self._text.startswith("**", at) else 1
        with self._deeper():
            exponent = self._unary()
        return self._checked(at, _power, base, exponent)

    def _primary(self) -> Number:
        if self._peek() == "(":
            return self._parenthesis()
        match = _NUMBER.match(self._text, self._at)
        if match is None:
            raise self._unexpected("a number")
        at, self._at = self._at, match.end()
        literal = match[0]
        return self._checked(at, _literal, literal)

    def _parenthesis(self) -> Number:
        opened = self._at
        with self._deeper():
            self._at += 1
            value = self._binary(1)
        if self._peek() != ")":
            if self._at == len(self._text):
                raise CalcError(f"the parenthesis at position {opened + 1} is never closed")
            raise self._unexpected("an operator or ')'")
        self._at += 1
        return value

    def _peek(self) -> str:
        """The next character that is no space, in ASCII; `^` for `**`; empty at the end."""
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        if self._text.startswith("**", self._at):
            return "^"
        found = self._text[self._at : self._at + 1]
        return _SIGNS.get(found, found)

    @contextmanager
    def _deeper(self) -> Generator[None]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CalcError(
                f"the expression is nested deeper than {MAX_DEPTH} at position {self._at + 1}"
            )
        yield
        self._depth -= 1

    def _checked(self, at: int, operation: Callable[..., Number], *values: object) -> Number:
        try:
            return _bounded(operation(*values))
        except OverflowError:
            reason = f"the result is too large (over {MAX_DIGITS} digits or not finite)"
        except ZeroDivisionError:
            reason = "division by zero"
        except _NoRealPower:
            reason = "a negative number has no real power of that exponent"
        raise CalcError(f"{reason} at position {at + 1}")

    def _unexpected(self, wanted: str) -> CalcError:
        found = self._text[self._at : self._at + 1]
        what = f"unexpected {found!r}" if found else "the expression ends"
        return CalcError(f"{what} at position {self._at + 1}, expected {wanted}")


class _NoRealPower(ArithmeticError):
    pass


def _bounded(value: Number) -> Number:
    """The value, or `OverflowError` when it is beyond what we show."""
    if not math.isfinite(value) if isinstance(value, float) else abs(value) >= _LARGEST:
        raise OverflowError
    return value


def _literal(text: str) -> Number:
    return int(text) if text.isdigit() else float(text)


def _divide(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int) and b and a % b == 0:
        return a // b
    return a / b


def _remainder(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int):
        rest = abs(a) % abs(b)
        return -rest if a < 0 else rest
    if b == 0:
        raise ZeroDivisionError
    return math.fmod(a, b)


def _power(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int) and b >= 0:
        # A lower bound of the result's size, so that a huge power is refused, not computed.
        if (abs(a).bit_length() - 1) * b > _MAX_BITS:
            raise OverflowError
        return int(a**b)
    if a < 0 and not float(b).is_integer():
        raise _NoRealPower
    return float(a) ** float(b)


_OPERATIONS: dict[str, Callable[[Number, Number], Number]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": _remainder,
}
