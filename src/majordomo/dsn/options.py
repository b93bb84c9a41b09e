"""The options of a declaration, typed; and the fault that every part of the parser raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar
from urllib.parse import unquote_to_bytes

from majordomo.errors import did_you_mean

__all__ = ["Fault", "OptionValue", "check_escapes", "decoded", "read_options"]

OptionValue: TypeAlias = bool | float | str | None
T = TypeVar("T")

_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Fault(Exception):
    """What is wrong with a value, in a sentence that holds no piece of it."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


def decoded(text: str, what: str) -> str:
    """Text with its %-escapes decoded.

    Raises:
        Fault: An escape is broken, or the bytes are not UTF-8.
    """
    check_escapes(text, what)
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError:
        pass
    raise Fault(f"{what} is not UTF-8 once its %-escapes are decoded")


def check_escapes(text: str, what: str) -> None:
    """Refuse a `%` that begins no escape.

    Raises:
        Fault: There is one.
    """
    if _BROKEN_ESCAPE.search(text):
        raise Fault(f"{what} has a '%' that begins no escape; write %25 for '%'")


def read_options(query: str) -> dict[str, OptionValue]:
    """The options of a query, by name.

    Raises:
        Fault: One is unknown, stands there twice, or its value is of another type.
    """
    found: dict[str, OptionValue] = {}
    for number, item in enumerate(query.split("&") if query else (), start=1):
        name, _, raw = item.partition("=")
        read = _OPTIONS.get(name)
        if read is None:
            known = f"known options: {', '.join(_OPTIONS)}"
            raise Fault(f"its option {number} is unknown{did_you_mean(name, _OPTIONS)}; {known}")
        if name in found:
            raise Fault(f"option {name!r} stands there twice")
        found[name] = read(name, decoded(raw, f"option {name!r}"))
    return found


def _switch(name: str, text: str) -> bool:
    return _choose(name, text.lower(), {"1": True, "0": False, "true": True, "false": False})


def _seconds(name: str, text: str) -> float | None:
    if text == "none":
        return None
    if _SECONDS.fullmatch(text) and float(text) > 0:
        return float(text)
    raise Fault(f"option {name!r} must be a number of seconds above 0, or none")


def _one_of(*choices: str) -> Callable[[str, str], str]:
    return lambda name, text: _choose(name, text, dict(zip(choices, choices, strict=True)))


def _choose(name: str, text: str, choices: Mapping[str, T]) -> T:
    if text in choices:
        return choices[text]
    raise Fault(f"option {name!r} must be one of {', '.join(choices)}")


_OPTIONS: dict[str, Callable[[str, str], OptionValue]] = {
    "tls": _switch,
    "timeout": _seconds,
    "wire": _one_of("auto", "chat", "responses"),
    "vision": _switch,
    "legacy_max_tokens": _switch,
    "system_role": _one_of("system", "developer"),
    "stream_usage": _switch,
    "strict": _switch,
    "forced_tool_choice": _switch,
    "parallel_tool_calls": _switch,
    "sampling_extras": _switch,
    "string_content": _switch,
    "null_content": _switch,
    "output": _one_of("native", "json_object", "tool", "instruction"),
}
