r"""Where answers go: a seam to deliver through, long text in pieces, and another try.

Example:
    >>> import anyio
    >>> chat = Retrying(Splitting(StdoutDeliverer(), 14))
    >>> anyio.run(chat.deliver, Parcel(key="r1", text="Hello there.\nHow are you?"))
    Hello there.
    How are you?
"""

from executus.deliver.callback import CallbackDeliverer, OnParcel
from executus.deliver.errors import DeliveryFailed
from executus.deliver.files import FileDeliverer
from executus.deliver.parcel import DISCARD, Deliverer, Parcel
from executus.deliver.retrying import Retrying
from executus.deliver.splittext import TextUnit, split_text
from executus.deliver.splitting import Splitting
from executus.deliver.stdout import StdoutDeliverer
from executus.deliver.tee import Tee

__all__ = [
    "DISCARD",
    "CallbackDeliverer",
    "Deliverer",
    "DeliveryFailed",
    "FileDeliverer",
    "OnParcel",
    "Parcel",
    "Retrying",
    "Splitting",
    "StdoutDeliverer",
    "Tee",
    "TextUnit",
    "split_text",
]
