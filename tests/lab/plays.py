"""Which case is played on which wire by which transport.

What a wire makes of bytes does not depend on how they came, and what a transport makes of a broken
connection does not depend on the wire. So the first way plays everything; the others, another event
loop and another transport, what is a way's own on one wire of each framing, and a few cases on all.
`LAB_FULL=1` plays everything on everything.
"""

import os

import pytest
from cases import BELOW_THE_WIRE, CASES, OF_THE_STREAM
from transports import WAYS
from wires import WIRES

FULL = bool(os.environ.get("LAB_FULL"))

FRAMINGS = ("openai", "foreman")
"""One wire of events, one of lines."""

EVERYWHERE = frozenset(
    (
        "a refused connection",
        "a connection reset after the request",
        "a good answer over TLS",
        "an answer in single bytes",
        "a server that never answers",
        "a stream reset after its first content",
        "a redirect to another host",
        "a page of HTML with 502",
    )
)
"""Cases that every way plays on every wire: one of each kind of end."""


def plays_everything(way):
    """Whether a way plays whatever there is."""
    return FULL or way is WAYS[0]


def shows_framing(wire, way):
    """Whether a way is tried on that wire, when one of each framing is enough for it."""
    return plays_everything(way) or wire.name in FRAMINGS


def is_played(case, wire, way):
    """Whether a way plays a case on a wire."""
    if wire.like and case.name in BELOW_THE_WIRE and not FULL:
        return False
    if plays_everything(way) or case.name in EVERYWHERE:
        return True
    return wire.name in FRAMINGS and case.name in BELOW_THE_WIRE | OF_THE_STREAM


def plays(wires=WIRES, cases=CASES):
    """Parameters `case`, `wire`, `streamed` and `way`."""
    for case in cases:
        for wire in wires:
            for streamed in (False, True):
                wanted = case.streamed if streamed else case.whole
                if wanted is None or case.only not in ("", wire.name):
                    continue
                how = "streamed" if streamed else "whole"
                for way in WAYS:
                    if is_played(case, wire, way):
                        name = f"{case.name}, {wire.name}, {how}, {way}"
                        yield pytest.param(case, wire, streamed, way, id=name)


def every(found):
    """The mark of a test that takes them."""
    return pytest.mark.parametrize(
        ("case", "wire", "streamed", "way"), list(found), indirect=["way"]
    )
