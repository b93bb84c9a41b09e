"""What becomes of one call of one run: its questions, its records, its answer."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from executus_gateway.broker import InputBroker
from executus_gateway.domain import Ledger
from executus_gateway.ports import HostCall
from executus_gateway.schema import (
    CallRecord,
    CredentialId,
    Interaction,
    RunId,
    ToolFailed,
    ToolResult,
)
from executus_gateway.service.desk import AskPeople
from executus_gateway.service.invoker import Invoker, Prepared, failed
from executus_gateway.sources import SourceManager

__all__ = ["CallHandler"]

MAX_ARGUMENTS = 20_000
MAX_PREVIEW = 2000


class CallHandler:
    """Handles the calls of one run.

    Args:
        run: Its id.
        ledger: Keeps the records.
        invoker: Prepares and performs.
        broker: Makes questions.
        sources: Know credentials.
        max_calls: Most calls of the run.
    """

    def __init__(
        self,
        run: RunId,
        *,
        ledger: Ledger,
        invoker: Invoker,
        broker: InputBroker,
        sources: SourceManager,
        max_calls: int,
    ) -> None:
        self._run = run
        self._ledger = ledger
        self._invoker = invoker
        self._broker = broker
        self._sources = sources
        self._max_calls = max_calls

    async def handle(self, call: HostCall, ask: AskPeople) -> Any:
        """The answer to a call, a JSON value."""
        if call.number > self._max_calls:
            message = f"this run has made {self._max_calls} calls: do less in one"
            return failed("limit", message).model_dump()
        record = self._ledger.get(CallRecord, self._id(call))
        if record is not None and record.state != "waiting":
            message = "the gateway was restarted meanwhile: check whether it took effect"
            return failed("interrupted", message).model_dump()
        result = await self._result(call, record, ask)
        return result.model_dump(mode="json", exclude_none=isinstance(result, ToolFailed))

    async def _result(
        self, call: HostCall, record: CallRecord | None, ask: AskPeople
    ) -> ToolResult:
        prepared = await self._invoker.prepare(call)
        if isinstance(prepared, ToolFailed):
            await self._end(self._record(call), prepared)
            return prepared
        fresh = self._record(call, prepared)
        if record is not None and record.arguments_digest == fresh.arguments_digest:
            fresh = record
        refusal = await self._permitted(prepared, fresh, ask)
        if refusal is None:
            if prepared.writes:
                started = fresh.model_copy(update={"state": "started"})
                await self._ledger.commit("call.started", started)
            result = await self._invoker.perform(prepared, self._run)
        else:
            result = refusal
        await self._end(self._ledger.get(CallRecord, fresh.id) or fresh, result)
        return result

    async def _permitted(
        self, prepared: Prepared, record: CallRecord, ask: AskPeople
    ) -> ToolFailed | None:
        if prepared.decision.action == "ask":
            answered = await self._approval(prepared, record, ask)
            if answered.state != "accepted":
                return _refused(answered, prepared.path)
            record = self._ledger.get(CallRecord, record.id) or record
        for scheme in prepared.missing:
            source = self._sources.require(prepared.source)
            credential = self._sources.book.id_for(source, scheme)
            question = self._known(record, credential) or self._broker.question(
                "secret",
                f"{source.namespace} wants a credential: {scheme.name}",
                detail=scheme.hint,
                call=record,
                credential=credential,
            )
            answered = await ask(question, record)
            if answered.state != "accepted":
                message = f"{prepared.path} needs the credential {scheme.name}, which nobody gave"
                return failed("auth_required", message)
            await self._sources.book.put(source, scheme, "")
        return None

    async def _approval(
        self, prepared: Prepared, record: CallRecord, ask: AskPeople
    ) -> Interaction:
        known = self._ledger.get(Interaction, record.interaction or "")
        if known is not None:
            return await ask(known, record)
        question = self._broker.question(
            "approval",
            f"Allow {prepared.path}?",
            detail=f"{prepared.tool.description[:500]}\n\n{record.arguments}".strip(),
            call=record,
        )
        return await ask(question, record.model_copy(update={"interaction": question.id}))

    def _known(self, record: CallRecord, credential: CredentialId) -> Interaction | None:
        """The question a call asked before a restart."""
        for question in self._ledger.all(Interaction):
            if (question.call, question.credential) == (record.id, credential):
                return question
        return None

    async def _end(self, record: CallRecord, result: ToolResult) -> None:
        preview = to_json(result.error if isinstance(result, ToolFailed) else result.data)
        update = {
            "state": "failed" if isinstance(result, ToolFailed) else "succeeded",
            "code": result.error.code if isinstance(result, ToolFailed) else None,
            "preview": preview[:MAX_PREVIEW].decode("utf-8", "ignore"),
            "ended_ms": self._ledger.now_ms(),
        }
        await self._ledger.commit("call.ended", record.model_copy(update=update))

    def _record(self, call: HostCall, prepared: Prepared | None = None) -> CallRecord:
        arguments = prepared.arguments if prepared is not None else call.kwargs
        text = to_json(arguments).decode("utf-8", "replace")
        return CallRecord(
            id=self._id(call),
            run=self._run,
            path=call.path[:300],
            arguments=text[:MAX_ARGUMENTS],
            arguments_digest=prepared.digest if prepared is not None else "",
        )

    def _id(self, call: HostCall) -> str:
        return f"{self._run}.{call.number}"


def _refused(answered: Interaction, path: str) -> ToolFailed:
    if answered.state == "expired":
        return failed("expired", f"nobody answered whether {path} may be called")
    note = f": {answered.note}" if answered.note else ""
    return failed("declined", f"a person declined {path}{note}")
