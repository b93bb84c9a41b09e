"""What a case needs to know of a wire's bytes, and what the entries of all wires share."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from executus.testing.server import Turn

TEXT = "Hello, wörld: 😀."
ARGUMENTS = {"q": "snow in é", "n": 2}
CANARY = "sk-canary-5f0e17c2"
TURN = Turn.calls(("look", ARGUMENTS), content=TEXT)


def dumped(value):
    return json.dumps(value, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A stream that is well-formed as HTTP and odd as an answer.

    Attributes:
        name: What is odd about it, as part of a sentence.
        stream: Its events.
        text: The text it must give; None when it must be refused as malformed.
        calls: Names and arguments of the calls it must give.
    """

    name: str
    stream: tuple[bytes, ...]
    text: str | None = None
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One wire.

    Attributes:
        name: Name of its provider.
        make: Makes the provider from `api_key`, `base_url`, `transport`, `clock`, `timeout_s`.
        whole: A good answer: `TEXT`, and a call of `look` with `ARGUMENTS`.
        stream: The same as events.
        before_content: How many events come before the first content.
        first_content: How many there are up to the first content, with it.
        in_arguments: How many there are up to the middle of the arguments.
        before_finish: How many there are before the one that tells why the answer ended.
        before_end: How many there are before the end marker, or all when it has none.
        ends_without_marker: Whether the answer is complete without that marker.
        error: Makes an error's body from "rate", "quota", "server", "overloaded", "auth",
            "missing", "bad" or "echo" (repeats the key).
        stream_error: An "overloaded" error as an event in a stream.
        no_answer: JSON values that are no answer, by name.
        odd_numbers: A good answer whose numbers are NaN, infinite and huge.
        noise: An event that says nothing, as this wire's servers send it to keep a line open.
        broken: An event that is no JSON.
        more_text: An event with 4,096 characters more of the text, after the first content.
        endless_line: The start of a line that never ends, in the midst of a stream.
        line_ends: Ends of lines that mean the same as LF.
        json_lines: A line of a stream is a JSON value, without a frame around it.
        tells_quota: A 429 can say that waiting does not help.
        odd: Odd streams of its own.
        like: The wire whose reader and decoder it works with; cases that never get beyond those
            are left to it. Empty when it has its own.
    """

    name: str
    make: Callable[..., Any]
    whole: bytes
    stream: tuple[bytes, ...]
    before_content: int
    first_content: int
    in_arguments: int
    before_finish: int
    before_end: int
    ends_without_marker: bool
    error: Callable[[str], bytes]
    stream_error: bytes
    no_answer: Mapping[str, bytes]
    odd_numbers: bytes
    noise: bytes
    more_text: bytes
    broken: bytes = b"data: {broken\n\n"
    endless_line: bytes = b"data: "
    content_type: str = "text/event-stream"
    line_ends: tuple[bytes, ...] = (b"\r\n", b"\r")
    json_lines: bool = False
    tells_quota: bool = True
    odd: tuple[Odd, ...] = field(default=())
    like: str = ""


def up_to(events, needle, nth=1):
    """How many events there are up to the nth that holds the needle, with it."""
    found = [at for at, event in enumerate(events, 1) if needle in event]
    return found[nth - 1]


_A, _B = {"a": 1}, {"b": 2}
BOTH = (("one", _A), ("two", _B))
"""What the odd streams with two calls must give."""
