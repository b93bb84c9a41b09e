"""Arguments and options that click does not check by itself: numbers of seconds, text."""

from __future__ import annotations

import math
import os

import click

from executus.errors import SetupError

__all__ = ["MOST_BYTES", "as_text", "seconds"]

MOST_BYTES = 64 * 1024 * 1024
"""Of one input; more is a mistake."""


def seconds(value: object) -> float:
    """A finite number of seconds above 0, for a click option.

    Raises:
        BadParameter: It is something else.
    """
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise click.BadParameter(f"{value!r} is no number of seconds above 0")
    return number


def as_text(argument: str, what: str) -> str:
    """An argument as text, although the locale may have been too small to read it.

    Raises:
        SetupError: Its bytes are not UTF-8.
    """
    try:
        argument.encode()
    except UnicodeEncodeError:
        try:
            return os.fsencode(argument).decode()
        except UnicodeError as error:
            raise SetupError(f"{what} is not UTF-8 text; convert it first") from error
    return argument
