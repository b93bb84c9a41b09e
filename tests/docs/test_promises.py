"""Each promise names tests that exist; so does every other page that names one."""

import ast
import re

import pytest
from pages import ROOT, named_tests, pages, text_of

PROMISES = "docs/reliability.md"


def missing(text):
    """Tests that a text names and nobody wrote."""
    return [(path, name) for path, name in named_tests(text) if not exists(path, name)]


def exists(path, name):
    file = ROOT / path
    if not file.is_file():
        return False
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = {node.name for node in ast.walk(tree) if isinstance(node, functions)}
    return not name or (name.startswith("test_") and name in names)


@pytest.mark.parametrize("page", [*pages(), "CLAUDE.md"])
def test_a_page_names_only_tests_that_exist(page):
    assert missing(text_of(page)) == []


def test_every_promise_has_a_test_of_its_own():
    rows = re.findall(r"^\| (?!promise |---)(.+?) \| (.+) \|$", text_of(PROMISES), re.M)
    assert len(rows) >= 25
    assert [
        promise for promise, proof in rows if not any(name for _, name in named_tests(proof))
    ] == []


def test_what_is_not_promised_is_said():
    assert "\n## What is not promised\n" in text_of(PROMISES)


@pytest.mark.parametrize(
    "named",
    [
        "`tests/docs/test_promises.py::test_no_such_thing`",
        "`tests/docs/test_nothing.py`",
        "`tests/docs/test_promises.py::missing`",
    ],
)
def test_a_test_that_does_not_exist_is_found(named):
    assert len(missing(f"It holds: {named}.")) == 1
    assert missing("`tests/docs/test_promises.py::test_a_test_that_does_not_exist_is_found`") == []
