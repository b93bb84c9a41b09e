"""Audit records as OpenTelemetry spans of the GenAI conventions (extra `otel`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

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


class OTelSink:
    """Makes spans when a run ends: `invoke_agent` over a `chat` and an `execute_tool` per call.

    They bear the times of what they stand for. Names follow the GenAI semantic conventions as
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

    async def write(self, records: Sequence[AuditRecord]) -> None:
        """Keep a run's records until it ends, then make its spans."""
        for record in records:
            if not isinstance(record, RunRecord):
                self._open.setdefault(record.run_id, {})[record.id] = record
            elif record.ended is not None:
                self._run(record, self._open.pop(record.run_id, {}).values())

    def _run(self, run: RunRecord, records: Iterable[AuditRecord]) -> None:
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
        span = self._begin(f"invoke_agent {run.agent}", attributes, run.started, failure=failure)
        within = trace.set_span_in_context(span)
        for record in records:
            if isinstance(record, StepRecord):
                self._step(record, within)
            elif isinstance(record, ToolCallRecord):
                self._tool(record, within)
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
        within: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        failure: str = "",
    ) -> Span:
        known = {key: value for key, value in attributes.items() if value is not None}
        span = self._tracer.start_span(
            name,
            context=within or Context(),
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
