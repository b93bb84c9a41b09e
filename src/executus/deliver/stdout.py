"""Answers on standard output, or on another text stream."""

from __future__ import annotations

import sys
from typing import TextIO

from executus.deliver.errors import DeliveryFailed
from executus.deliver.parcel import Parcel
from executus.printable import printable

__all__ = ["StdoutDeliverer"]


class StdoutDeliverer:
    """Writes the text and a line for each attachment, which itself is not written.

    A terminal is given no control characters; what the stream's encoding lacks is replaced.

    Args:
        stream: Where to; None for what `sys.stdout` is at the time.

    Example:
        >>> import anyio
        >>> anyio.run(StdoutDeliverer().deliver, Parcel(key="k1", text="It is 42."))
        It is 42.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def deliver(self, parcel: Parcel) -> None:
        """Write it, and flush.

        Raises:
            DeliveryFailed: Nobody reads any more, or the disk is full.
        """
        stream = self._stream or sys.stdout
        lines = [parcel.text] if parcel.text else []
        lines += [
            f"[attachment {one.name}: {one.media_type}, {one.size:,} bytes]".replace("\n", " ")
            for one in parcel.attachments
        ]
        try:
            text = "".join(f"{line.removesuffix(chr(10))}\n" for line in lines)
            text = printable(text) if stream.isatty() else text
            encoding = stream.encoding or "utf-8"
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:
            raise DeliveryFailed(f"the output could not be written: {error}") from error
