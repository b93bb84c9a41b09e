"""Answers longer than a receiver takes, sent in pieces."""

from __future__ import annotations

from dataclasses import replace

from executus.deliver.errors import DeliveryFailed
from executus.deliver.parcel import Deliverer, Parcel
from executus.deliver.splittext import TextUnit, split_text
from majordomo.threads import call_in_thread

__all__ = ["Splitting"]

_LONG_CHARS = 50_000


class Splitting:
    """Sends a long text as several parcels, in order, the next when the one before has arrived.

    A parcel that fits goes through as it is. Of others the pieces have the keys `key#1/3`,
    `key#2/3`, …; attachments and the typed output go with the last. Pieces of white space alone are
    left out.

    Args:
        deliverer: Sends the pieces.
        limit: Most of one text; see `split_text`.
        unit: What the limit counts.

    Raises:
        SetupError: The limit is too small.
    """

    def __init__(self, deliverer: Deliverer, limit: int, *, unit: TextUnit = "chars") -> None:
        split_text("", limit, unit=unit)
        self._deliverer = deliverer
        self._limit = limit
        self._unit: TextUnit = unit

    async def deliver(self, parcel: Parcel) -> None:
        """Send all pieces.

        Raises:
            DeliveryFailed: One did not arrive; it and those behind it are `missing`.
        """
        text = parcel.text
        long = len(text) > _LONG_CHARS  # cutting a megabyte takes long enough to hold others up
        pieces = await call_in_thread(self._split, text) if long else self._split(text)
        parcels = _parcels(parcel, pieces)
        for sent, piece in enumerate(parcels):
            try:
                await self._deliverer.deliver(piece)
            except DeliveryFailed as error:
                if len(parcels) == 1:
                    raise
                raise DeliveryFailed(
                    f"{sent} of {len(parcels)} pieces arrived: {error}",
                    retryable=error.retryable,
                    retry_after_s=error.retry_after_s,
                    missing=(*(error.missing or (piece,)), *parcels[sent + 1 :]),
                ) from error

    def _split(self, text: str) -> list[str]:
        return split_text(text, self._limit, unit=self._unit)


def _parcels(parcel: Parcel, texts: list[str]) -> list[Parcel]:
    if len(texts) <= 1:
        return [parcel]
    texts = [text for text in texts if text.strip()] or [""]
    pieces = [
        replace(
            parcel,
            key=f"{parcel.key}#{number}/{len(texts)}",
            text=text,
            attachments=(),
            output=None,
        )
        for number, text in enumerate(texts, start=1)
    ]
    pieces[-1] = replace(pieces[-1], attachments=parcel.attachments, output=parcel.output)
    return pieces
