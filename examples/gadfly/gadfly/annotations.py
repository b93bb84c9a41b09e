"""The report as GitHub's workflow commands, which show findings beside the lines they are of."""

from __future__ import annotations

from gadfly.findings import Finding, Severity
from gadfly.plaintext import plain
from gadfly.report import Report

__all__ = ["as_annotations"]

MAX_SHOWN = 50
MAX_TITLE_CHARS = 200
MAX_TEXT_CHARS = 1500
_COMMANDS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
}


def as_annotations(report: Report) -> str:
    """A command per finding, the worst ones; nothing a model said can begin another command."""
    return "".join(f"{_command(one)}\n" for one in report.findings[:MAX_SHOWN])


def _command(finding: Finding) -> str:
    facts = [("file", finding.path)]
    if finding.line:
        facts.append(("line", str(finding.line)))
    facts.append(("title", f"{finding.lens}: {plain(finding.title, MAX_TITLE_CHARS)}"))
    properties = ",".join(f"{name}={_escaped_property(value)}" for name, value in facts)
    text = plain(f"{finding.detail}\n{finding.suggestion}", MAX_TEXT_CHARS) or finding.title
    return f"::{_COMMANDS[finding.severity]} {properties}::{_escaped(text)}"


def _escaped(text: str) -> str:
    """Source: GitHub's toolkit, `escapeData`."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
