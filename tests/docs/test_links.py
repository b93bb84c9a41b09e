"""No link of the documentation is broken, and no page of it is out of reach."""

import pytest
from pages import ROOT, anchors_of, broken_links, linked_pages, links_of, pages, text_of

OTHERS = ("CLAUDE.md", "examples/README.md", "benchmarks/README.md")
README_LINES = 350


@pytest.mark.parametrize("page", [*pages(), *OTHERS])
def test_a_page_has_no_broken_link(page):
    assert broken_links(page, text_of(page)) == []


def test_every_page_can_be_reached_from_the_readme():
    reached, front = set(), {"README.md"}
    while front:
        reached |= front
        front = {there for page in front for there in linked_pages(page)} - reached
    assert set(pages()) - reached == set()


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("docs/egress.md", False),
        ("docs/egress.md#seams", False),
        ("docs/egress.md#nothing", True),
        ("docs/missing.md", True),
        ("docs", True),
        ("../README.md", True),
        ("#here", False),
        ("#there", True),
        ("https://example.com/x", False),
    ],
)
def test_a_link_that_leads_nowhere_is_found(link, broken):
    text = f"# Here\n\n[a link]({link}) and `[code](not.md)`\n\n```text\n[code](not.md)\n```\n"
    assert broken_links("README.md", text) == ([link] if broken else [])


def test_headings_give_the_anchors_that_links_name():
    text = "# A `name`, twice\n## Again\n## Again\n```sh\n# no heading\n```\n"
    assert anchors_of(text) == {"a-name-twice", "again", "again-1"}
    assert links_of("![x](a.png) [y](b.md)") == ["a.png", "b.md"]


def test_the_index_names_every_decision():
    decisions = {path.name for path in (ROOT / "docs" / "adr").glob("0*.md")}
    assert decisions == {
        link for link in links_of(text_of("docs/adr/README.md")) if link.startswith("0")
    }


def test_the_readme_does_not_grow_into_a_book():
    assert len(text_of("README.md").splitlines()) <= README_LINES
