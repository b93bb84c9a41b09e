"""Why a tier gave no model."""

from __future__ import annotations

from collections.abc import Sequence

from executus.errors import SetupError

__all__ = ["TierUnusable"]


class TierUnusable(SetupError):
    """A tier of the table has no model that could be asked: no key is set.

    Args:
        tier: Its name.
        missing: What would make each of its models usable, such as "set OPENAI_API_KEY".
        variable: The variable that would name other models.
    """

    def __init__(self, tier: str, missing: Sequence[str], variable: str) -> None:
        self.tier = tier
        self.missing = tuple(dict.fromkeys(missing))
        ways = [*self.missing, f"name models in {variable}"]
        super().__init__(f"the tier {tier!r} has no usable model: {'; or '.join(ways)}")
