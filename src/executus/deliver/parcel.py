"""What is delivered, and the seam through which it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from executus.identity import ANONYMOUS, Caller
from executus.pendingattach import Attachment

__all__ = ["DISCARD", "Deliverer", "Parcel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """An answer on its way out.

    Attributes:
        key: Idempotency key: the same for every attempt to deliver the same thing.
        run_id: The run it comes from; empty when from none.
        agent: The agent's name.
        caller: On whose behalf.
        text: What people read; may be empty when there are attachments.
        attachments: In order.
        output: The typed answer, for programs; None when it is the text alone.
        metadata: The host's own facts, such as the channel to answer in.
    """

    key: str
    run_id: str = ""
    agent: str = ""
    caller: Caller = ANONYMOUS
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    output: object = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Deliverer(Protocol):
    """Takes answers to where they belong.

    The same key may come again: when an attempt failed, or when nobody knows whether it arrived. A
    receiver that can tell should take it once.
    """

    async def deliver(self, parcel: Parcel) -> None:
        """Deliver one parcel; it has arrived when this returns.

        Raises:
            DeliveryFailed: It did not arrive, or not all of it.
        """
        ...


class _Discard:
    async def deliver(self, parcel: Parcel) -> None:
        del parcel


DISCARD: Deliverer = _Discard()
"""Delivers nothing: the answer is on the run's result."""
