"""A source says it wants credentials before anything else."""

from __future__ import annotations

from executus_gateway.errors import SourceFailed
from executus_gateway.schema import AuthScheme

__all__ = ["AuthRequired"]


class AuthRequired(SourceFailed):
    """Raised by `Connector.load` and `Connector.call`.

    Args:
        sentence: What is wanted.
        schemes: The credentials that would do.
    """

    def __init__(self, sentence: str, schemes: tuple[AuthScheme, ...] = ()) -> None:
        self.schemes = schemes
        super().__init__(sentence)

    def __reduce__(self) -> tuple[type[AuthRequired], tuple[str, tuple[AuthScheme, ...]]]:
        return (type(self), (str(self), self.schemes))
