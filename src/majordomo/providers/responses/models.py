"""Which models read each other's reasoning (wire/responses §3)."""

from __future__ import annotations

import re

__all__ = ["family_of"]

_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def family_of(model: str) -> str:
    """The model a dated or an undated id means: reasoning is bound to one model."""
    return _DATE.sub("", model)
