"""What the doctor found, and what it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from majordomo.models import ModelRegistry

__all__ = ["Finding", "Patient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know, in a line. Holds no secret: variables are named, their values are not.

    Attributes:
        about: A variable, a file, or another name.
        says: What is wrong with it.
        fix: What to do.
        level: A `problem` keeps something from working as meant; a `note` does not.
    """

    about: str
    says: str
    fix: str
    level: Literal["problem", "note"] = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined.

    Attributes:
        environ: The variables of the process.
        registry: The models they make known.
        online: Whether other machines may be dialled.
        timeout_s: Seconds an endpoint has to answer.
    """

    environ: Mapping[str, str]
    registry: ModelRegistry
    online: bool = False
    timeout_s: float = 5.0

    def get(self, variable: str) -> str:
        """A variable without white space around it; empty when it is not set."""
        return self.environ.get(variable, "").strip()
