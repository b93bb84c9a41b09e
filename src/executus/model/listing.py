"""What a tier stands for now, as data for a listing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["TierListing", "TierSource", "TierTarget"]


class TierSource(StrEnum):
    """Where the meaning of a tier comes from."""

    CONFIGURATION = "configuration"
    TABLE = "table"
    ALIAS = "alias"
    """A name of the registry, which comes before both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTarget:
    """One model of a tier.

    Attributes:
        target: As provider/model.
        missing: What has to be done before it can be asked; empty when its key is set.
    """

    target: str
    missing: str = ""

    @property
    def ready(self) -> bool:
        """Nothing is missing."""
        return not self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class TierListing:
    """One tier.

    Attributes:
        tier: Its name.
        source: Where its meaning comes from.
        spec: The models it is resolved to now, as a spec; empty when there is a problem.
        targets: Its models in order; of the table, those without a key, too.
        problem: Why it cannot be used, in one sentence; empty when it can.
    """

    tier: str
    source: TierSource
    spec: str
    targets: tuple[TierTarget, ...]
    problem: str = ""
