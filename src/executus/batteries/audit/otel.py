"""Audit records as OpenTelemetry spans of the GenAI conventions (extra `otel`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.util.types import AttributeValue

from executus.batteries.audit.records import (
    AuditRecord,
    RunRecord,
    StepRecord,
    ToolCallRecord,
)

__all__ = ["OTelSink"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROVIDERS = {"google": "gcp.gemini", "mistral": "mistral_ai", "xai": "x_ai"}
_FINE = frozenset({"ok", "paused"})

_Ended: TypeAlias = tuple[RunRecord, Sequence[AuditRecord]]


class OTelSink:
    """Makes spans when a run ends: `invoke_agent` over a `chat` and an `execute_tool` per call.

    They bear the times of what they stand for. A run that another one dispatched stands below that
    one's span, when both were recorded here. Names follow the GenAI semantic conventions as
    opentelemetry-semantic-conventions 0.66 lists them; what has no name there begins with
    `executus.`.

    Args:
        tracer: Makes the spans; the global provider's by default.
        content: Whether arguments and results of tools go along. They may be personal.
    """

    def __init__(self, tracer: Tracer | None = None, *, content: bool = False) -> None:
        self._tracer = tracer or trace.get_tracer("executus")
        self._content = content
        self._open: dict[str, dict[str, AuditRecord]] = {}
        self._going: set[str] = set()
        self._dispatched: dict[str, list[_Ended]] = {}

    async def write(self, records: Sequence[AuditRecord]) -> None:
        """Keep a run's records until it ends, then make its spans."""
        for record in records:
            if not isinstance(record, RunRecord):
                self._open.setdefault(record.run_id, {})[record.id] = record
            elif record.ended is None:
                self._going.add(record.run_id)
            else:
                self._end(record)

    def _end(self, run: RunRecord) -> None:
        self._going.discard(run.run_id)
        ended = (run, tuple(self._open.pop(run.run_id, {}).values()))
        if run.parent in self._going:  # its span is not there yet
            self._dispatched.setdefault(run.parent, []).append(ended)
        else:
            self._run(ended, Context())

    def _run(self, ended: _Ended, above: Context) -> None:
        run, records = ended
        attributes: dict[str, AttributeValue | None] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": run.agent,
            "gen_ai.conversation.id": run.root,
            "gen_ai.usage.input_tokens": run.input_tokens,
            "gen_ai.usage.output_tokens": run.output_tokens,
            "executus.run.id": run.run_id,
            "executus.run.parent": run.parent,
            "executus.run.status": run.status,
            "executus.run.cost": run.cost,
        }
        failure = "" if run.status in _FINE else run.status
        name = f"invoke_agent {run.agent}"
        span = self._begin(name, attributes, run.started, within=above, failure=failure)
        within = trace.set_span_in_context(span)
        for record in records:
            if isinstance(record, StepRecord):
                self._step(record, within)
            elif isinstance(record, ToolCallRecord):
                self._tool(record, within)
        for dispatched in self._dispatched.pop(run.run_id, ()):
            self._run(dispatched, within)
        span.end(_ns(run.ended or run.started))

    def _step(self, step: StepRecord, within: Context) -> None:
        provider, _, model = step.model.partition("/")
        attributes: dict[str, AttributeValue | None] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": _PROVIDERS.get(provider, provider),
            "gen_ai.request.model": model,
            "gen_ai.response.finish_reasons": (step.finish_reason,),
            "gen_ai.usage.input_tokens": step.input_tokens,
            "gen_ai.usage.output_tokens": step.output_tokens,
        }
        name, kind = f"chat {model}", SpanKind.CLIENT
        span = self._begin(name, attributes, step.started, within=within, kind=kind)
        span.end(_ns(step.answered))

    def _tool(self, call: ToolCallRecord, within: Context) -> None:
        attributes: dict[str, AttributeValue | None] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": call.tool,
            "gen_ai.tool.call.id": call.call_id,
            "gen_ai.tool.type": "function",
        }
        if self._content:
            attributes["gen_ai.tool.call.arguments"] = call.arguments
            attributes["gen_ai.tool.call.result"] = call.text
        failure = "" if call.outcome == "ok" else call.outcome
        name = f"execute_tool {call.tool}"
        span = self._begin(name, attributes, call.started, within=within, failure=failure)
        span.end(_ns(call.ended))

    def _begin(
        self,
        name: str,
        attributes: Mapping[str, AttributeValue | None],
        started: datetime,
        *,
        within: Context,
        kind: SpanKind = SpanKind.INTERNAL,
        failure: str = "",
    ) -> Span:
        known = {key: value for key, value in attributes.items() if value is not None}
        span = self._tracer.start_span(
            name,
            context=within,
            kind=kind,
            attributes=known,
            start_time=_ns(started),
        )
        if failure:
            span.set_attribute("error.type", failure)
            span.set_status(Status(StatusCode.ERROR))
        return span


def _ns(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
