"""The report as SARIF 2.1.0, for machines. Source: the OASIS standard and GitHub's notes on it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from gadfly.findings import Finding, Severity
from gadfly.lenses import Lens
from gadfly.plaintext import plain
from gadfly.report import UNREVIEWED, Report

__all__ = ["as_sarif"]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
MAX_TEXT_CHARS = 2000
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}


def as_sarif(report: Report) -> str:
    """The findings of changed files, as JSON text in ASCII."""
    lenses = report.settings.lenses
    order = {lens.name: index for index, lens in enumerate(lenses)}
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "gadfly", "rules": [_rule(lens) for lens in lenses]}},
        "invocations": [
            {
                "executionSuccessful": report.exit_code != UNREVIEWED,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": plain(one, MAX_TEXT_CHARS)}}
                    for one in report.problems
                ],
            }
        ],
        "results": [_result(finding, order[finding.lens]) for finding in report.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _rule(lens: Lens) -> dict[str, Any]:
    return {
        "id": f"gadfly/{lens.name}",
        "name": lens.name.capitalize(),
        "shortDescription": {"text": lens.about},
        "fullDescription": {"text": lens.task},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    texts = (finding.title, finding.detail, finding.suggestion)
    return {
        "ruleId": f"gadfly/{finding.lens}",
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": plain("\n\n".join(filter(str.strip, texts)), MAX_TEXT_CHARS) or "?"},
        "locations": [{"physicalLocation": _place(finding)}],
        "partialFingerprints": {"gadfly/v1": _fingerprint(finding)},
        "properties": {
            "severity": finding.severity,
            "seenBy": list(finding.seen_by),
            "lenses": list(finding.lenses),
        },
    }


def _place(finding: Finding) -> dict[str, Any]:
    uri = finding.file.uri if finding.file else ""
    place: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}}
    if finding.line:
        place["region"] = {"startLine": finding.line}
    return place


def _fingerprint(finding: Finding) -> str:
    """The same for the same fault when lines before it come or go."""
    said = "\n".join((finding.lens, finding.path, " ".join(finding.title.casefold().split())))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
