"""Why an answer did not arrive, and what of it is still missing."""

from __future__ import annotations

from executus.deliver.parcel import Parcel
from executus.errors import ExecutusError

__all__ = ["DeliveryFailed"]


class DeliveryFailed(ExecutusError):
    """A parcel did not arrive, or not all of it.

    Args:
        sentence: What happened, and what would help.
        retryable: Whether the same parcel may arrive when it is sent again later.
        retry_after_s: Seconds the receiver asked to wait; None when it said nothing.
        missing: The parcels that are still to be sent, in order, when only a part arrived; empty
            for the whole.
    """

    def __init__(
        self,
        sentence: str,
        *,
        retryable: bool = False,
        retry_after_s: float | None = None,
        missing: tuple[Parcel, ...] = (),
    ) -> None:
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.missing = missing
        super().__init__(sentence)
