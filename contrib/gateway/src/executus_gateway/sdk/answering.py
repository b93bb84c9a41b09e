"""An answer as parameters: the one place where a secret is taken out of its wrapping."""

from __future__ import annotations

from typing import Any

from executus_gateway.schema import Answer

__all__ = ["told_answer"]


def told_answer(answer: Answer) -> dict[str, Any]:
    """Parameters of `inbox.answer`, but for the question's id; in no log."""
    said = answer.model_dump(exclude_defaults=True)
    if answer.secret is not None:
        said["secret"] = answer.secret.get_secret_value()
    return said
