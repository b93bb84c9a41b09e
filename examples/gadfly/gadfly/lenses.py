"""Lenses: what a review looks for. A table to edit."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LENSES", "Lens"]


@dataclass(frozen=True, slots=True)
class Lens:
    """One way to look at a change.

    Attributes:
        name: For settings and reports; lower-case letters.
        about: What it is for, in a sentence.
        task: What the model is told.
    """

    name: str
    about: str
    task: str


LENSES = {
    lens.name: lens
    for lens in (
        Lens(
            "correctness",
            "Code that does not do what it is meant to.",
            "Look for bugs: wrong results, unhandled cases, races, broken contracts with callers, "
            "errors that are swallowed. Read the callers of what changed before you judge.",
        ),
        Lens(
            "security",
            "Code that somebody could turn against its users.",
            "Look for what an attacker could use: injection, missing checks of permission, leaked "
            "secrets, unsafe deserialisation, paths and addresses taken from outside.",
        ),
        Lens(
            "tests",
            "Behaviour that no test would see break.",
            "Look for changed behaviour without a test that fails when it breaks, tests that "
            "cannot fail, and tests that depend on time, order or the network.",
        ),
        Lens(
            "design",
            "Code that will be hard to change.",
            "Look for duplication of what the repository has already, names that mislead, needless "
            "complexity, and interfaces that callers will get wrong. Leave taste aside.",
        ),
    )
}
