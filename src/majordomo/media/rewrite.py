"""A request with its images made to fit: what needs no change is the same object afterwards.

Encoded messages are remembered by identity (ADR 0115), so a fitted message is made once per run and
then met again. What was fitted lives in the request's `Fragments` and goes with them: no picture
outlives its run, and no image is converted twice in one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from majordomo.errors import UnsupportedRequest
from majordomo.llm import (
    Capabilities,
    Fragments,
    ImagePart,
    Message,
    Part,
    Request,
    Role,
    Target,
    ToolResultPart,
)
from majordomo.media.fit import fit_image
from majordomo.media.limits import ImageLimits
from majordomo.threads import WorkerThreads

__all__ = ["fit_request"]

# Threads of their own, few: each may hold a decoded picture, and tools must not wait behind them.
_THREADS = WorkerThreads(max_threads=min(4, os.cpu_count() or 1))

_KIND = "media"
_SPARE_ENTRIES = 16


async def fit_request(
    request: Request, capabilities: Capabilities, *, target: Target | None = None
) -> Request:
    """The request with every image as the target takes it; itself when that is how they are.

    Images of user messages and of tool results are fitted, off the event loop; those a model made
    itself are left to the wire. Without images this costs one comparison of the history with the
    last call's. A target declared to take no images gets the request as it is: its wire says what
    becomes of them.

    Args:
        request: What is to be sent. Its `fragments` remember what was fitted.
        capabilities: What the target takes.
        target: Named in errors.

    Raises:
        UnsupportedRequest: An image cannot be made to fit; see `fit_image`.
    """
    if capabilities.vision is False:
        return request
    scan = request.fragments.joined(_KIND, request.messages, _Scan)
    if not scan.places:
        return request
    fitter = _Fitter(request.fragments, ImageLimits.of(capabilities))
    try:
        return await fitter.fit(request, scan.places)
    except UnsupportedRequest as error:
        if target is None:
            raise
        raise UnsupportedRequest(
            f"{target}: {error}", provider=target.provider, model=target.model
        ) from error.__cause__


class _Scan:
    """Where in a conversation images are; each message is looked at once per run.

    Attributes:
        places: Indices of the messages with images.
        keep: See `majordomo.llm.fragments.Joiner`.
    """

    __slots__ = ("_length", "keep", "places")

    def __init__(self) -> None:
        self.places: list[int] = []
        self.keep = True
        self._length = 0

    def add(self, message: Message) -> None:
        """Look at the next message."""
        if message.role in (Role.USER, Role.TOOL) and any(map(_images, message.parts)):
            self.places.append(self._length)
        self._length += 1


def _images(part: Part) -> tuple[ImagePart, ...]:
    if isinstance(part, ImagePart):
        return (part,)
    return part.images if isinstance(part, ToolResultPart) else ()


class _Fitter:
    """Fits messages for one set of limits, and remembers each."""

    def __init__(self, fragments: Fragments, limits: ImageLimits) -> None:
        self._limits = limits
        self._messages = fragments.of((_KIND, "messages", limits), Message)
        # By the image's id; the message beside it keeps the image alive. A host that makes its
        # messages anew for each call (a compactor) has the same images in them.
        self._images = fragments.of((_KIND, "images", limits), ImagePart)

    async def fit(self, request: Request, places: Sequence[int]) -> Request:
        messages = list(request.messages)
        changed = False
        for place in places:
            fitted = await self._message(messages[place])
            changed = changed or fitted is not messages[place]
            messages[place] = fitted
        if len(self._messages) > 2 * len(places) + _SPARE_ENTRIES:
            self._forget_but([request.messages[place] for place in places])
        return replace(request, messages=tuple(messages)) if changed else request

    async def _message(self, message: Message) -> Message:
        found = self._messages.get(id(message))
        if found is None:
            parts = tuple([await self._part(message, part) for part in message.parts])
            same = all(new is old for new, old in zip(parts, message.parts, strict=True))
            fitted = message if same else replace(message, parts=parts)
            # Two calls may share the memory; both shall send the same object.
            found = self._messages.setdefault(id(message), (message, fitted))
        return found[1]

    async def _part(self, message: Message, part: Part) -> Part:
        if isinstance(part, ImagePart):
            return await self._image(message, part)
        if isinstance(part, ToolResultPart) and part.images:
            images = tuple([await self._image(message, image) for image in part.images])
            same = all(new is old for new, old in zip(images, part.images, strict=True))
            return part if same else replace(part, images=images)
        return part

    async def _image(self, message: Message, image: ImagePart) -> ImagePart:
        found = self._images.get(id(image))
        if found is None:
            fitted = await _THREADS.call(fit_image, image, self._limits)
            found = self._images.setdefault(id(image), (message, fitted))
        return found[1]

    def _forget_but(self, messages: Sequence[Message]) -> None:
        """Drop what a compacted history no longer holds."""
        alive = {id(message) for message in messages}
        for key in [key for key in self._messages if key not in alive]:
            del self._messages[key]
        holders = {id(image): m for m in messages for part in m.parts for image in _images(part)}
        for key, (_, fitted) in list(self._images.items()):
            if key in holders:
                self._images[key] = (holders[key], fitted)
            else:
                del self._images[key]
