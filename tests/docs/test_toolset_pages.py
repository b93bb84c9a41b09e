"""Each tool has a section with its real schema on its toolset's page; the index names them all."""

import re
from dataclasses import replace

import pytest
from tool_pages import BLOCK, PAGES, block, full_registry, page_of, rendered

REGISTRY = full_registry()
OWN_PAGES = sorted({page_of(name).name for name in REGISTRY.names})


@pytest.mark.parametrize("name", REGISTRY.names)
def test_a_tool_has_a_section_with_its_real_schema(name):
    page = page_of(name).read_text(encoding="utf-8")
    _, heading, section = page.partition(f"## `{name}`\n")
    assert heading, "no section"
    section = section.partition("\n## ")[0]
    entry = REGISTRY.find(name)
    assert block(entry) in section, "run make generate"
    assert entry.tool.description


@pytest.mark.parametrize("page", OWN_PAGES)
def test_a_page_tells_nothing_that_is_not_so(page):
    text = (PAGES / page).read_text(encoding="utf-8")
    assert rendered(PAGES / page, REGISTRY) == text, "run make generate"
    headings = re.findall(r"^## `([\w.]+)`$", text, re.M)
    assert headings == BLOCK.findall(text)
    assert set(headings) == {name for name in REGISTRY.names if page_of(name).name == page}


@pytest.mark.parametrize("page", [page for page in OWN_PAGES if page != "skills.md"])
def test_a_page_tells_limits_and_what_is_refused(page):
    text = (PAGES / page).read_text(encoding="utf-8")
    assert "**Limits**" in text
    assert "**Refused**" in text


def test_the_index_names_every_page_and_every_tool():
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in PAGES.glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\((\w+\.md)\)", index)) == pages
    assert [name for name in REGISTRY.names if f"`{name}`" not in index] == []


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"type": "integer", "default": 9}, "| `start` | integer | `9` |  |"),
        (
            {"type": "integer", "minimum": 1, "maximum": 2},
            "| `start` | integer | left out | 1 to 2 |",
        ),
        (
            {"type": "array", "items": {"type": "string"}},
            "| `start` | list of string | left out |  |",
        ),
        ({"enum": ["a"]}, "| `start` | anything | left out | `a` |"),
    ],
)
def test_a_schema_that_changes_changes_the_page(changed, shown):
    entry = REGISTRY.find("files.read")
    properties = {**entry.tool.parameters["properties"], "start": changed}
    other = replace(entry.tool, parameters={**entry.tool.parameters, "properties": properties})
    assert shown not in block(entry)
    assert shown in block(replace(entry, tool=other))
