"""The turns of a conversation: read, answered, cancelled, and kept."""

from __future__ import annotations

from functools import partial

import anyio

from executus.cli.chat.conversation import Conversation
from executus.cli.chat.slash import Slash, obey
from executus.cli.display import open_display
from executus.cli.equipment import Equipment
from executus.cli.output import OutputLost, prompt, tell
from executus.cli.process import DONE, FAILED, Signals
from executus.cli.reading import LineReader
from executus.cli.run import show_run
from executus.invocation import Invocation
from majordomo.errors import MajordomoError
from majordomo.tasks import call_soon, current_loop

__all__ = ["Talk"]

_FENCE = '"""'


class Talk:
    """Reads turns and answers them until the input ends.

    Args:
        conversation: What the turns share.
        equipment: What they are made with.
        lines: Where they are read.
        signals: An interrupt within a turn cancels the turn alone.
        is_typed: Somebody types: show a prompt.
        as_json: Show turns as JSON.
    """

    def __init__(
        self,
        conversation: Conversation,
        equipment: Equipment,
        *,
        lines: LineReader,
        signals: Signals,
        is_typed: bool,
        as_json: bool = False,
    ) -> None:
        self._conversation = conversation
        self._equipment = equipment
        self._lines = lines
        self._signals = signals
        self._is_typed = is_typed
        self._as_json = as_json
        self._slash = Slash(conversation=conversation, registry=equipment.executor.registry)

    async def go(self) -> int:
        """Talk.

        Returns:
            The exit code: from a pipe, 1 when a line was not answered.

        Raises:
            OutputLost: Nobody takes the answers.
        """
        faults = 0
        goes_on = True
        while goes_on:
            try:
                goes_on = await self._next()
            except OutputLost:
                raise
            except MajordomoError as error:
                faults += 1
                tell(f"executus: {error}")
        return FAILED if not self._is_typed and faults + self._conversation.failed else DONE

    async def _next(self) -> bool:
        """Read one message and do what it asks; whether the conversation goes on."""
        text = await self._message()
        if text is None:
            return False
        if text.startswith("/") and not text.startswith("//"):
            return await obey(self._slash, text.strip())
        if text.strip():
            await self._turn(text[1:] if text.startswith("//") else text)
        return True

    async def _message(self) -> str | None:
        first = await self._line("> ")
        if first is None or not first.startswith(_FENCE):
            return first
        lines = [first.removeprefix(_FENCE)]
        while not lines[-1].rstrip().endswith(_FENCE):
            line = await self._line("... ")
            if line is None:
                break
            lines.append(line)
        lines[-1] = lines[-1].rstrip().removesuffix(_FENCE)
        return "\n".join(lines).strip("\n")

    async def _line(self, mark: str) -> str | None:
        if not self._is_typed:
            return await self._lines.line()
        prompt(mark)
        line = None
        try:
            line = await self._lines.line()
        finally:
            if line is None:  # the shell's prompt belongs on a line of its own
                prompt("\n")
        return line

    async def _turn(self, text: str) -> None:
        conversation, equipment = self._conversation, self._equipment
        with (
            anyio.CancelScope() as scope,
            self._signals.interrupting(partial(call_soon, current_loop(), scope.cancel)),
            open_display(as_json=self._as_json) as display,
        ):
            invocation = Invocation(
                text,
                history=conversation.messages,
                metadata=equipment.metadata(conversation.agent),
            )
            await show_run(
                equipment.executor.stream(conversation.agent, invocation),
                display=display,
                asker=equipment.asker,
                keep=conversation.take,
            )
