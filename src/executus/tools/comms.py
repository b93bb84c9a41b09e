"""The toolset `comms`: messages that go out at once, files with the answer, questions to people."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Sequence
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from executus.deliver import Deliverer, Parcel
from executus.errors import SetupError
from executus.pendingattach import Attachment
from executus.registry import policy
from executus.runservices import services
from majordomo.llm import BadArguments, Tool, ToolContext, tool

__all__ = ["Enclosure", "comms_tools"]

MAX_TEXT_CHARS = 100_000
MAX_ENCLOSURES = 10
MAX_BYTES = 10 * 1024 * 1024
# A deliverer that tries again takes its time, and ends by itself.
SEND_TIMEOUT_S = 120.0


class Enclosure(TypedDict):
    """A file that goes with a message; its content is given as text or as base64."""

    name: Annotated[str, Field(min_length=1, max_length=255, description="File name.")]
    text: NotRequired[Annotated[str, Field(description="The content, as text.")]]
    base64: NotRequired[Annotated[str, Field(description="The content, as base64.")]]
    media_type: NotRequired[
        Annotated[str, Field(description="As text/csv; guessed from the name when left out.")]
    ]


def comms_tools(deliverer: Deliverer, *, max_bytes: int = MAX_BYTES) -> tuple[Tool, ...]:
    """The toolset `comms`.

    A message's key is made of the run, the call and the content: a deliverer that is given the same
    key again may drop it.

    Args:
        deliverer: Takes messages to where they belong; `executus.deliver.Retrying` for another try.
        max_bytes: Most bytes of one message's attachments, and of one attachment, above 0.

    Raises:
        SetupError: `max_bytes` is not above 0.

    Example:
        >>> from executus.deliver import StdoutDeliverer
        >>> [tool.name for tool in comms_tools(StdoutDeliverer())]
        ['send', 'attach', 'ask_user']
    """
    if max_bytes <= 0:
        raise SetupError(f"max_bytes must be above 0, not {max_bytes}")
    return _send_tool(deliverer, max_bytes), _attach_tool(max_bytes), ask_user


def _send_tool(deliverer: Deliverer, max_bytes: int) -> Tool:
    @policy(effect="external", timeout_s=SEND_TIMEOUT_S, keep_overflow=False)
    @tool
    async def send(context: ToolContext, text: str, attachments: Sequence[Enclosure] = ()) -> str:
        """Send a message to the people this conversation is with, now, before the answer.

        Args:
            text: The message.
            attachments: Files that go with it, at most 10.
        """
        if len(text) > MAX_TEXT_CHARS:
            raise BadArguments(f"text: at most {MAX_TEXT_CHARS} characters; attach what is longer")
        if not text.strip() and not attachments:
            raise BadArguments("text: there is nothing to send")
        if len(attachments) > MAX_ENCLOSURES:
            raise BadArguments(f"attachments: at most {MAX_ENCLOSURES} in one message")
        files = tuple(_attachment(one, max_bytes) for one in attachments)
        if sum(one.size for one in files) > max_bytes:
            raise BadArguments(f"attachments: at most {max_bytes:,} bytes in one message")
        run = services(context)
        parcel = Parcel(
            key=_key(run.run_id, context.call.id, text, files),
            run_id=run.run_id,
            agent=run.agent,
            caller=run.caller,
            text=text,
            attachments=files,
            metadata=run.metadata,
        )
        await deliverer.deliver(parcel)
        return "sent"

    return send


def _attach_tool(max_bytes: int) -> Tool:
    @policy(effect="write", idempotent=True, keep_overflow=False)
    @tool
    async def attach(
        context: ToolContext,
        name: Annotated[str, Field(min_length=1, max_length=255)],
        text: str | None = None,
        base64: str | None = None,
        media_type: str = "",
    ) -> str:
        """Attach a file to the answer; it goes out together with it.

        Args:
            name: File name, such as report.csv.
            text: The content, as text; or else give base64.
            base64: The content, as base64.
            media_type: As text/csv; guessed from the name when left out.
        """
        enclosure: Enclosure = {"name": name, "media_type": media_type}
        if text is not None:
            enclosure["text"] = text
        if base64 is not None:
            enclosure["base64"] = base64
        file = _attachment(enclosure, max_bytes)
        if services(context).attach(file):
            return f"attached {name} ({file.size:,} bytes)"
        return f"{name} was attached already: the same content goes out once"

    return attach


@policy(effect="read", idempotent=True, timeout_s=math.inf)
@tool
async def ask_user(
    context: ToolContext, question: Annotated[str, Field(min_length=1, max_length=4000)]
) -> str:
    """Ask the person you work for a question and wait for the answer, which may take long.

    Use it when only they can know or decide; not for what you can find out yourself.

    Args:
        question: One question, with all they need to know to answer it.
    """
    try:
        return await services(context).ask(question)
    except PermissionError as error:
        raise PermissionError(
            f"{error}; do not ask again: go on with what you know, and say what you assumed"
        ) from error


def _attachment(given: Enclosure, max_bytes: int) -> Attachment:
    name = given["name"]
    data = _content(given, max_bytes)
    if len(data) > max_bytes:
        raise BadArguments(f"{name!r} has {len(data):,} bytes; at most {max_bytes:,} may be sent")
    try:
        return Attachment.from_bytes(data, name=name, media_type=given.get("media_type", ""))
    except ValueError as error:
        raise BadArguments(f"media_type: {error}") from error


def _content(given: Enclosure, max_bytes: int) -> bytes:
    name, text, coded = given["name"], given.get("text"), given.get("base64")
    if text is not None and coded is None:
        return text.encode("utf-8", "replace")
    if coded is None or text is not None:
        raise BadArguments(f"{name!r}: give its content either as text or as base64")
    if len(coded) > 2 * max_bytes:
        raise BadArguments(f"{name!r} is too long; at most {max_bytes:,} bytes may be sent")
    try:
        return base64.b64decode("".join(coded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadArguments(f"{name!r}: base64 is not valid ({error})") from error


def _key(run_id: str, call_id: str, text: str, files: Sequence[Attachment]) -> str:
    """The same for every attempt at one message; call ids alone may come again in a later step."""
    digest = hashlib.sha256(text.encode("utf-8", "replace"))
    for one in files:
        digest.update(f"\0{one.name}\0{one.digest}".encode("utf-8", "replace"))
    return f"{run_id}/{call_id}/{digest.hexdigest()[:16]}"
