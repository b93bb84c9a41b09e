"""The inbox: what waits for a person's word, with all that the word is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request

from executus_gateway.errors import GatewayError, Refused
from executus_gateway.schema import (
    Answer,
    CallRecord,
    Interaction,
    PolicyDecision,
    TaskRun,
    ToolDescriptor,
    Verdict,
)
from executus_gateway.service import Gateway
from executus_gateway.web.arguments import Shown, shown_arguments
from executus_gateway.web.fields import Fields
from executus_gateway.web.paging import paged
from executus_gateway.web.rendering import View
from executus_gateway.web.schemaforms import Input, inputs_of, values_of
from executus_gateway.web.serving import Done

__all__ = ["answer_question", "inbox_page"]

ANSWERED_A_PAGE = 10
_SAID: dict[str, Verdict] = {"accept": "accept", "decline": "decline"}
FIELD = "field:"
"""Before the names of a form's own fields, which may be any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question with what a person should know to answer it."""

    question: Interaction
    shown: Shown | None
    run: TaskRun | None
    tool: ToolDescriptor | None
    decision: PolicyDecision | None
    inputs: Sequence[Input]


def inbox_page(gateway: Gateway, request: Request) -> View:
    """Open questions, oldest first, and those that were answered, latest first."""
    known = gateway.ledger.all(Interaction)
    answered = [one for one in known if one.state != "pending"]
    answered.sort(key=lambda one: one.updated_ms, reverse=True)
    asked = [_asked(gateway, question) for question in gateway.inbox()]
    return View(
        template="inbox.html",
        title=f"({len(asked)}) Inbox" if asked else "Inbox",
        section="inbox",
        poll_ms=1000,
        data={
            "asked": asked,
            "page": paged(answered, request, page_items=ANSWERED_A_PAGE),
            "field": FIELD,
        },
    )


def _asked(gateway: Gateway, question: Interaction) -> _Asked:
    call = gateway.ledger.get(CallRecord, question.call or "")
    tool, decision = _tool(gateway, question)
    return _Asked(
        question=question,
        shown=shown_arguments(call.arguments) if call and question.kind == "approval" else None,
        run=gateway.ledger.get(TaskRun, question.run or ""),
        tool=tool,
        decision=decision,
        inputs=inputs_of(question.fields) if question.kind == "form" else (),
    )


def _tool(
    gateway: Gateway, question: Interaction
) -> tuple[ToolDescriptor | None, PolicyDecision | None]:
    """The tool and why it is asked about; the gateway's own tools are in no catalog."""
    if question.kind != "approval":
        return None, None
    try:
        decision = gateway.policies.explain(question.path)
        found = gateway.sources.catalogs.find(question.path)
        return (gateway.sources.describe(found) if found else None), decision
    except GatewayError:
        return None, None  # its source is gone since it was asked


async def answer_question(gateway: Gateway, fields: Fields) -> Done:
    """Take a person's word."""
    question = gateway.ledger.require(Interaction, fields.required("id"))
    verdict = _SAID.get(fields.text("verdict"))
    if verdict is None:
        raise Refused("a question is accepted or declined")
    accepted = verdict == "accept"
    answer = Answer(
        verdict=verdict,
        values=_values(question, fields) if accepted and question.kind == "form" else None,
        secret=SecretStr(fields.text("secret")) if accepted and fields.text("secret") else None,
        note=fields.text("note"),
        channel="browser",
    )
    answered = await gateway.answer(question.id, answer)
    if answered.state != ("accepted" if accepted else "declined"):
        return Done(said=f"It was {answered.state} before: your word changed nothing.")
    return Done(said=f"{answered.title} {answered.state.capitalize()}.")


def _values(question: Interaction, fields: Fields) -> dict[str, Any]:
    return values_of(question.fields, fields.below(FIELD))
