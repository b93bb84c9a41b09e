"""Questions to people: each is stored before it is put, and answered once, wherever that is."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import anyio

from executus_gateway.domain import Ledger
from executus_gateway.errors import Refused
from executus_gateway.ports import NO_PROMPTER, Prompter, Vault
from executus_gateway.schema import (
    Answer,
    Approval,
    CallRecord,
    CredentialId,
    Interaction,
    InteractionKind,
    InteractionState,
    Record,
    TaskRun,
    Verdict,
)

__all__ = ["InputBroker"]

EXPIRES_AFTER_S = 24 * 3600.0

_STATES: Final[dict[Verdict, InteractionState]] = {
    "accept": "accepted",
    "decline": "declined",
    "cancel": "cancelled",
}


class InputBroker:
    """Opens questions, waits for answers, takes answers.

    Args:
        ledger: Keeps questions and answers.
        vault: Takes what was typed as an answer to a question for a secret.
        expires_after_s: Seconds until nobody having answered is a no.
    """

    def __init__(
        self, ledger: Ledger, vault: Vault, *, expires_after_s: float = EXPIRES_AFTER_S
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._expires_after_s = expires_after_s
        self._turn = anyio.Lock()
        self._answered: defaultdict[str, anyio.Event] = defaultdict(anyio.Event)

    def question(
        self,
        kind: InteractionKind,
        title: str,
        *,
        detail: str = "",
        call: CallRecord | None = None,
        fields: dict[str, object] | None = None,
        credential: CredentialId | None = None,
    ) -> Interaction:
        """A question that is not stored yet: the caller commits it with what waits for it."""
        now = self._ledger.now_ms()
        return Interaction.model_validate(
            {
                "id": self._ledger.new_id("ask"),
                "workspace": self._ledger.workspace,
                "kind": kind,
                "title": title,
                "detail": detail,
                "run": call.run if call else None,
                "call": call.call if call else None,
                "path": call.path if call else "",
                "fields": fields,
                "credential": credential,
                "expires_ms": now + int(self._expires_after_s * 1000),
            }
        )

    def pending(self) -> list[Interaction]:
        """Open questions, oldest first: the inbox."""
        return [found for found in self._ledger.all(Interaction) if found.state == "pending"]

    async def wait(self, interaction_id: str, prompter: Prompter = NO_PROMPTER) -> Interaction:
        """Wait until a stored question is answered, or has expired.

        Args:
            interaction_id: The question.
            prompter: The way to the person of the client that waits, used beside all others.

        Raises:
            UnknownId: There is no such question.
        """
        question = self._ledger.require(Interaction, interaction_id)
        if question.state == "pending":
            left_s = (question.expires_ms - self._ledger.now_ms()) / 1000
            with self._ledger.clock.deadline(max(left_s, 0.0)):
                await self._until_answered(question, prompter)
        question = self._ledger.require(Interaction, interaction_id)
        if question.state != "pending":
            return question
        return await self._close(question, "expired", Answer(verdict="cancel", channel="expiry"))

    async def answer(self, interaction_id: str, answer: Answer) -> Interaction:
        """Take an answer. The first one counts; a later one is told what the first one was.

        Raises:
            UnknownId: There is no such question.
            Refused: The answer lacks what the question asks for; it stays open.
        """
        question = self._ledger.require(Interaction, interaction_id)
        if question.state != "pending":
            return question
        if answer.verdict == "accept":
            _fits(question, answer)
        return await self._close(question, _STATES[answer.verdict], answer)

    async def _until_answered(self, question: Interaction, prompter: Prompter) -> None:
        event = self._answered[question.id]
        async with anyio.create_task_group() as group:
            if prompter.reaches(question):
                group.start_soon(self._prompt, question, prompter)
            await event.wait()
            group.cancel_scope.cancel()

    async def _prompt(self, question: Interaction, prompter: Prompter) -> None:
        answer = await prompter.ask(question)
        if answer is not None:
            try:
                await self.answer(question.id, answer)
            except Refused:
                return  # an unfit answer leaves the question where the other channels find it

    async def _close(
        self, question: Interaction, state: InteractionState, answer: Answer
    ) -> Interaction:
        async with self._turn:
            again = self._ledger.require(Interaction, question.id)
            if again.state != "pending":
                return again  # somebody was faster
            return await self._store(question, state, answer)

    async def _store(
        self, question: Interaction, state: InteractionState, answer: Answer
    ) -> Interaction:
        accepted = state == "accepted"
        if accepted and answer.secret is not None and question.credential is not None:
            await self._vault.put(question.credential, answer.secret.get_secret_value())
        closed = question.model_copy(
            update={
                "state": state,
                "values": answer.values if accepted and question.kind != "secret" else None,
                "note": answer.note,
                "answered_by": answer.channel,
            }
        )
        changes: list[Record] = [closed]
        if (approval := self._approval(question, answer)) is not None:
            changes.append(approval)
        await self._ledger.commit(f"interaction.{state}", *changes, actor="person")
        self._answered.pop(question.id, anyio.Event()).set()
        return closed

    def _approval(self, question: Interaction, answer: Answer) -> Approval | None:
        if question.kind != "approval" or question.call is None or question.run is None:
            return None
        call = self._ledger.get(CallRecord, question.call)
        run = self._ledger.get(TaskRun, question.run)
        if call is None or run is None:
            return None
        return Approval.model_validate(
            {
                "id": f"apr_{question.id.removeprefix('ask_')}",
                "interaction": question.id,
                "run": run.id,
                "call": call.id,
                "path": question.path,
                "arguments_digest": call.arguments_digest,
                "verdict": answer.verdict,
                "channel": answer.channel,
            }
        )


def _fits(question: Interaction, answer: Answer) -> None:
    if question.kind == "secret" and (
        answer.secret is None or not answer.secret.get_secret_value()
    ):
        raise Refused("this question asks for a secret: give one, or decline")
    if question.kind == "form" and answer.values is None:
        raise Refused("this question asks for values: give them, or decline")
