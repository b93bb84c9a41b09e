"""Finds the span sink, or says what to install."""

from __future__ import annotations

from importlib import import_module

from executus.batteries.audit.store import AuditSink
from executus.errors import SetupError

__all__ = ["otel_sink"]


def otel_sink(*, content: bool = False) -> AuditSink:
    """A sink that makes OpenTelemetry spans with the global tracer provider.

    Args:
        content: Whether arguments and results of tools go along.

    Raises:
        SetupError: The extra `otel` is not installed.
    """
    try:
        module = import_module("executus.batteries.audit.otel")
    except ModuleNotFoundError as error:
        raise SetupError(
            "spans need the extra otel: pip install 'executus[otel]' (and an OpenTelemetry SDK)"
        ) from error
    return module.OTelSink(content=content)
