"""What happened in runs: one writer, stores to ask, secrets taken out first."""

from executus.batteries.audit.export import export_jsonl
from executus.batteries.audit.log import AuditLog
from executus.batteries.audit.memory import MemoryAuditStore, MemoryRunIndex
from executus.batteries.audit.records import (
    RECORD_KINDS,
    AttemptRecord,
    AuditRecord,
    DenialRecord,
    RunRecord,
    StepRecord,
    ToolCallRecord,
    record_from_json,
)
from executus.batteries.audit.redaction import UNREDACTED, Redactor, SecretPatterns
from executus.batteries.audit.store import AuditSink, AuditStore, RunIndex, RunQuery
from executus.batteries.audit.story import RunStory, RunStoryStep, RunTree, read_story, runs_of
from executus.batteries.audit.tracing import otel_sink

__all__ = [
    "RECORD_KINDS",
    "UNREDACTED",
    "AttemptRecord",
    "AuditLog",
    "AuditRecord",
    "AuditSink",
    "AuditStore",
    "DenialRecord",
    "MemoryAuditStore",
    "MemoryRunIndex",
    "Redactor",
    "RunIndex",
    "RunQuery",
    "RunRecord",
    "RunStory",
    "RunStoryStep",
    "RunTree",
    "SecretPatterns",
    "StepRecord",
    "ToolCallRecord",
    "export_jsonl",
    "otel_sink",
    "read_story",
    "record_from_json",
    "runs_of",
]
