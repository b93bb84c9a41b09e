"""Questions as they come, each put to the person; one that is answered elsewhere is taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio

from executus.cli.output import tell
from executus.cli.process import DONE
from executus_gateway.cli.asking import TerminalAnswers
from executus_gateway.errors import DaemonFailed, Refused
from executus_gateway.schema import Event, Interaction
from executus_gateway.sdk import Client

__all__ = ["watch_inbox"]


async def watch_inbox(client: Client, answers: TerminalAnswers, *, until_empty: bool) -> int:
    """Answer questions until nobody types any more.

    Args:
        client: Of the gateway.
        answers: Asks the person.
        until_empty: End as soon as no question is left, too.

    Returns:
        The exit code.

    Raises:
        DaemonFailed: The daemon ended.
    """
    async with client.events() as events:
        while True:
            waiting = await client.inbox()
            if waiting:
                if not await _put(client, answers, waiting[0], events):
                    return DONE
            elif until_empty:
                return DONE
            else:
                await _next(events)


async def _put(
    client: Client, answers: TerminalAnswers, question: Interaction, events: AsyncIterator[Event]
) -> bool:
    """Whether the person is still there."""
    there = True

    async def ask() -> None:
        nonlocal there
        answer = await answers.answer(question)
        there = answer is not None
        if answer is not None:
            try:
                closed = await client.answer(question.id, answer)
                tell(f"{closed.state}")
            except Refused as error:
                tell(str(error))
        group.cancel_scope.cancel()

    async def take_back() -> None:
        while any(one.id == question.id for one in await client.inbox()):
            await _next(events)
        tell("\nanswered elsewhere")
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        group.start_soon(take_back)
    return there


async def _next(events: AsyncIterator[Event]) -> None:
    try:
        await anext(events)
    except StopAsyncIteration:
        raise DaemonFailed("the gateway's daemon ended: start watching again") from None
