"""One answer to several places."""

from __future__ import annotations

from executus.deliver.errors import DeliveryFailed
from executus.deliver.parcel import Deliverer, Parcel

__all__ = ["Tee"]


class Tee:
    """Delivers to each in turn; one that fails keeps nothing from the others.

    To try again only where it failed, put `Retrying` around each, not around the tee: around the
    tee it sends to all again, with the same key.

    Args:
        deliverers: In order.
    """

    def __init__(self, *deliverers: Deliverer) -> None:
        self._deliverers = deliverers

    async def deliver(self, parcel: Parcel) -> None:
        """Deliver to all.

        Raises:
            DeliveryFailed: Some failed; retryable when each of them is. When there is one, it is
                the `__cause__`.
            Exception: What the first raised that raised something else, after all were asked.
        """
        failures: list[DeliveryFailed] = []
        others: list[Exception] = []
        for deliverer in self._deliverers:
            try:
                await deliverer.deliver(parcel)
            except DeliveryFailed as error:
                failures.append(error)
            except Exception as error:  # noqa: BLE001 - raised below, once all were asked
                others.append(error)
        if others:
            raise others[0]
        if failures:
            raise DeliveryFailed(
                f"{len(failures)} of {len(self._deliverers)} deliveries failed: "
                + "; ".join(str(error) for error in failures),
                retryable=all(error.retryable for error in failures),
                retry_after_s=max(e.retry_after_s or 0.0 for e in failures) or None,
            ) from failures[0]
