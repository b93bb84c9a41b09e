"""Pages as the web has them, and the Markdown that is made of them: read it, it is the test.

Each `pages/name.html` is read as its row says and must come out as `pages/name.md`.
"""

from pathlib import Path

import pytest

from executus.egress import EgressResponse
from executus.tools.web.page import read_page

PAGES = Path(__file__).parent / "pages"
HTML = "text/html; charset=utf-8"
TYPES = {
    "news": HTML,
    "docs": HTML,
    "readme": HTML,
    "wiki": HTML,
    "forum": "text/html",
    "lists": HTML,
    "rtl": HTML,
    "xhtml": "application/xhtml+xml",
    "script": HTML,
    "broken": HTML,
    "product": HTML,
    "latin": "text/html",  # the page itself says windows-1252
    "sjis": "text/html",  # the page itself says Shift_JIS
}


def read(name):
    answer = EgressResponse(
        status=200,
        headers=(("content-type", TYPES[name]),),
        body=(PAGES / f"{name}.html").read_bytes(),
        url=f"https://site.test/a/{name}.html",
        address="192.0.2.1",
    )
    page = read_page(answer)
    return f"Title: {page.title}\n\n{page.text}\n"


def test_every_page_has_a_row():
    assert {path.stem for path in PAGES.glob("*.html")} == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_a_page_reads_as_it_should(name):
    assert read(name) == (PAGES / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "unwanted"),
    [
        ("news", ["cookies", "Accept all", "Local", "How the wall", "Lottery", "©", "ad</p>"]),
        ("docs", ["¶", "Home", "Sphinx", "]#"]),
        ("readme", ["Sign in", "Copy", "GitHub-like"]),
        ("wiki", ["Main page", "edit", "1 History", "cite_"]),
        ("product", ["Tents", "2 persons", "Imprint"]),
        ("xhtml", ["alert", "CDATA"]),
        ("script", ["__STATE__"]),
    ],
)
def test_what_no_reader_wants_is_left_out(name, unwanted):
    text = read(name)
    assert [word for word in unwanted if word in text] == []
