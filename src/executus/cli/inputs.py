"""Arguments and options that click does not check by itself: durations, text."""

from __future__ import annotations

import os

import click

from executus.config import parse_duration
from executus.errors import SetupError

__all__ = ["MOST_BYTES", "as_text", "duration"]

MOST_BYTES = 64 * 1024 * 1024
"""Of one input; more is a mistake."""


def duration(value: object) -> float:
    """Seconds of a duration above 0, read as settings are, for a click option.

    Raises:
        BadParameter: It is something else.
    """
    try:
        seconds = parse_duration(str(value))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not {error}") from None
    if not seconds:
        raise click.BadParameter(f"{value!r} is no duration above 0")
    return seconds


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
