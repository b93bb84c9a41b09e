"""Questions as they come, each put to the person; one that is answered elsewhere is taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio

from executus.cli.output import prompt, tell
from executus.cli.process import DONE
from executus_gateway.cli.asking import TerminalAnswers
from executus_gateway.errors import DaemonFailed, Refused
from executus_gateway.schema import Answer, Event, Interaction
from executus_gateway.sdk import Client
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["until_questions", "watch_inbox"]


async def watch_inbox(
    client: Client,
    answers: TerminalAnswers,
    *,
    linger_s: float | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Answer questions until nobody types any more.

    Args:
        client: Of the gateway.
        answers: Asks the person.
        linger_s: End, too, when no question has waited for so many seconds; None for never.
        clock: Times that.

    Returns:
        The exit code.

    Raises:
        DaemonFailed: The daemon ended.
    """
    while True:
        waiting = await client.inbox()
        if not waiting:
            with clock.deadline(linger_s):
                waiting = await until_questions(client)
        if not waiting or not await _put(client, answers, waiting[0]):
            return DONE


async def until_questions(client: Client, known: frozenset[str] = frozenset()) -> list[Interaction]:
    """Wait until there is an open question besides known ones; all that are open, oldest first.

    Raises:
        DaemonFailed: The daemon ended.
    """
    async with client.events() as events:
        while True:
            waiting = await client.inbox()
            if any(question.id not in known for question in waiting):
                return waiting
            await _next(events)


async def _put(client: Client, answers: TerminalAnswers, question: Interaction) -> bool:
    """Whether the person is still there."""
    answer: Answer | None = None
    is_taken_back = False

    async def take_back() -> None:
        nonlocal is_taken_back
        try:
            await _until_closed(client, question)
        except DaemonFailed:
            prompt("\n")  # what is told of it begins a line of its own
            raise
        is_taken_back = True
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(take_back)
        answer = await answers.answer(question)
        group.cancel_scope.cancel()
    if answer is not None:
        tell(await _given(client, question, answer))
    elif is_taken_back:
        tell("\nanswered elsewhere")
    return answer is not None or is_taken_back


async def _until_closed(client: Client, question: Interaction) -> None:
    async with client.events() as events:
        while any(one.id == question.id for one in await client.inbox()):
            await _next(events)


async def _given(client: Client, question: Interaction, answer: Answer) -> str:
    try:
        return (await client.answer(question.id, answer)).state
    except Refused as error:
        return str(error)


async def _next(events: AsyncIterator[Event]) -> None:
    try:
        await anext(events)
    except StopAsyncIteration:
        raise DaemonFailed("the gateway's daemon ended: start watching again") from None
