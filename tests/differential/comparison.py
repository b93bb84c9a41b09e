"""Compares two JSON values: where they differ, and what each side has there."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


class _Word:
    def __init__(self, word):
        self.word = word

    def __repr__(self):
        return self.word


ABSENT = _Word("ABSENT")
ANY = _Word("ANY")


@dataclass(frozen=True, slots=True)
class Change:
    """One place where two values differ.

    Attributes:
        at: Keys and indices from the root, joined by dots.
        ours: Our value there, or ABSENT.
        theirs: The SDK's value there, or ABSENT.
    """

    at: str
    ours: Any
    theirs: Any


def changes(ours, theirs, at=""):
    """All places where the two differ: the smallest ones, in order."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = {**ours, **theirs}
        pairs = [(key, ours.get(key, ABSENT), theirs.get(key, ABSENT)) for key in keys]
    elif isinstance(ours, list) and isinstance(theirs, list):
        longest = range(max(len(ours), len(theirs)))
        pairs = [(i, _item(ours, i), _item(theirs, i)) for i in longest]
    else:
        same = ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)
        return [] if same else [Change(at, ours, theirs)]
    return [
        change
        for key, our, their in pairs
        for change in changes(our, their, f"{at}.{key}" if at else str(key))
    ]


def _item(values, index):
    return values[index] if index < len(values) else ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference that is meant. It must occur, as described, in every case it names.

    Attributes:
        vendor: Name of the vendor.
        cases: Patterns of case names: `request/…`, `answer/…`, `error/…`.
        at: Pattern of the place; `*` also stands for several keys.
        ours: Our value there; ABSENT for none, ANY for some.
        theirs: The SDK's.
        why: Why it is meant.
    """

    vendor: str
    cases: tuple[str, ...]
    at: str
    ours: Any = ANY
    theirs: Any = ANY
    why: str

    def concerns(self, vendor, case):
        """Whether the case is one it names."""
        return vendor == self.vendor and any(fnmatchcase(case, name) for name in self.cases)

    def covers(self, change):
        """Whether this is the change it describes."""
        return (
            fnmatchcase(change.at, self.at)
            and _fits(self.ours, change.ours)
            and _fits(self.theirs, change.theirs)
        )


def _fits(wanted, found):
    if wanted is ANY:
        return found is not ABSENT
    return wanted is found if ABSENT in (wanted, found) else wanted == found


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Two spellings that mean the same; both sides of requests are rewritten to one.

    Attributes:
        vendor: Name of the vendor.
        rewrite: Returns a request's body in the one spelling.
        why: Why they mean the same.
    """

    vendor: str
    rewrite: Callable[[Any], Any]
    why: str


def judge(vendor, case, ours, theirs, differences):
    """What is wrong with a case, in words; empty when all its differences are meant and occur."""
    found = changes(ours, theirs)
    meant = [each for each in differences if each.concerns(vendor, case)]
    problems = [
        f"{change.at}: ours {change.ours!r}, theirs {change.theirs!r}"
        for change in found
        if not any(each.covers(change) for each in meant)
    ]
    gone = [each for each in meant if not any(each.covers(change) for change in found)]
    return problems + [f"listed, but does not occur: {each.at} ({each.why})" for each in gone]
