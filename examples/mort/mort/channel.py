"""The chat service: here a folder, with a line for each message; a real one is called instead.

The one thing asked of it is to take each key once, as Discord does for a `nonce` that is enforced.
An answer comes with the same key however often it is sent, so it is seen once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.to_thread import run_sync

from executus.batteries.critic import Escalation
from executus.deliver import Parcel
from executus.pendingattach import Attachment
from mort.jsonlines import JsonLines

__all__ = ["Channel", "ChannelAlarm", "ChannelDeliverer", "Post"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message of the bot's.

    Attributes:
        to: Whom it answers.
        text: What it says.
        files: Where its attachments are.
    """

    to: str
    text: str
    files: tuple[Path, ...] = ()


class Channel:
    """Messages in `channel.jsonl`, their attachments in `files/`.

    Args:
        folder: Where.
        show: Called with each message that is new.
    """

    def __init__(self, folder: Path, show: Callable[[Post], object]) -> None:
        self._files = folder / "files"
        self._lines = JsonLines(folder / "channel.jsonl")
        self._files.mkdir(exist_ok=True)
        self._show = show
        self._posting = anyio.Lock()
        self._keys = {line["key"] for line in self._lines.read()}

    async def post(
        self, key: str, to: str, text: str, attachments: Sequence[Attachment] = ()
    ) -> None:
        """Post a message, once for each key; it is there when this returns."""
        async with self._posting:
            if key in self._keys:
                return
            files = await run_sync(self._write, key, to, text, attachments)
            self._keys.add(key)
        self._show(Post(to=to, text=text, files=files))

    def _write(
        self, key: str, to: str, text: str, attachments: Sequence[Attachment]
    ) -> tuple[Path, ...]:
        files: list[Path] = []
        for one in attachments:
            # By its content: a name that a model chose is no path.
            path = self._files / (one.digest[:16] + Path(one.name).suffix)
            path.write_bytes(one.data)
            files.append(path)
        names = [path.name for path in files]
        self._lines.add({"key": key, "to": to, "text": text, "files": names})
        return tuple(files)


class ChannelDeliverer:
    """The adapter: a `Deliverer` that posts what runs answer to whom they work for."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def deliver(self, parcel: Parcel) -> None:
        """Post one parcel."""
        await self._channel.post(parcel.key, parcel.caller.id, parcel.text, parcel.attachments)


class ChannelAlarm:
    """An `Escalator`: the owner is told of runs that the critic finds in trouble."""

    def __init__(self, channel: Channel, owner: str) -> None:
        self._channel = channel
        self._owner = owner

    async def escalate(self, escalation: Escalation) -> None:
        """Post what the critic says, once for each reason."""
        info, reason = escalation.view.info, escalation.reason
        about = f"run {info.run_id} of {info.caller.id}: {reason}"
        await self._channel.post(f"{info.run_id}/{reason}", self._owner, about)
