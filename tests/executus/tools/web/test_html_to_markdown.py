"""HTML of any quality becomes Markdown, in one pass."""

import pytest

from executus.tools.web.markdown import read_html

URL = "https://example.org/docs/page"


def markdown(source):
    return read_html(source, url=URL).markdown


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>one<p>two", "one\n\ntwo"),
        ("a \n <b> bold </b>b", "a **bold** b"),
        ("<b><i>x</b>y</i>", "***x***y"),
        ("<b><p>one<p>two</b>", "**one**\n\n**two**"),
        ("<b></b>x<i> </i>y", "x y"),
        ("x<br>y", "x\ny"),
        ("<h2><div>T <em>e</em></div></h2>p", "## T *e*\n\np"),
        ("<h1>T<p>p", "# T\n\np"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<ol start=9><li>a<li>b</ol>", "9. a\n10. b"),
        ("<ul><li>a<ol><li>x<li>y</ol><li>b</ul>p", "- a\n  1. x\n  2. y\n- b\n\np"),
        ("<ul><li><p>a</p><p>b</p></ul>", "- a\n  b"),
        ("<blockquote>a<p>b</blockquote>c", "> a\n\n> b\n\nc"),
        ("<a href=x?a=1&amp;b=2>l</a>", "[l](https://example.org/docs/x?a=1&b=2)"),
        ("<a href='//cdn.test/x'>l</a>", "[l](https://cdn.test/x)"),
        ("<base href=/b/><a href=x>l</a>", "[l](https://example.org/b/x)"),
        ("<a href='a (1).html'>l</a>", "[l](https://example.org/docs/a%20%281%29.html)"),
        ("<a href=javascript:x()>l</a><a href='//[x'>m</a>", "lm"),
        ("<a href=x> </a>y", "y"),
        ("<img src=i.png alt='An &quot;i&quot;'>", '![An "i"](https://example.org/docs/i.png)'),
        ("<img src=i.png><img src='data:x' alt=d>", "![d]"),
        ("<code>x = 1</code>", "`x = 1`"),
        ("<pre>\n a\n  b &lt;\n</pre>", "```\n a\n  b <\n```"),
        ("<pre><code class='hl language-c++'>a<br>b</code></pre>", "```c++\na\nb\n```"),
        ("<pre>```</pre>", "````\n```\n````"),
        ("<hr>", "---"),
        ("&amp;lt; &#x41; &nosuch; &", "&lt; A &nosuch; &"),
        ("a < b <3 c", "a < b <3 c"),
        ("a<!-- <p>x --> b<!-->c<!doctype x><?p?></3>", "a bc"),
        ("<p title='a > b' data-x=\"</p>\">t", "t"),
        ("<script>'</p>' <b></script>a<style>b</style><textarea><p>c</textarea>", "a"),
        ("a<script>never closed <p>b", "a"),
        ("a<p title='never closed>b", "a"),
        ("a<p", "a"),
        ("a<p hidden>secret<p>b<div style='display: none'><div>x</div>y</div>c", "a\n\nb\n\nc"),
        ("<nav>n</nav>a<div role=navigation>m</div><footer>f</footer>", "a"),
        ("<nav>only this</nav>", "only this"),
        ("</div></table></li>a", "a"),
        ("a\xa0\xa0b", "a b"),
    ],
)
def test_markup_becomes_markdown(source, expected):
    assert markdown(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "<table><caption>C<tr><th>A<th>B<tr><td>1|2<td>x<p>y<tr><td colspan=2>w</table>z",
            "C\n\n| A | B |\n| --- | --- |\n| 1\\|2 | x<br>y |\n| w |  |\n\nz",
        ),
        ("<table><tr><td>menu<td><p>text<p>more</table>", "menu\n\ntext\n\nmore"),
        ("<table><tr><td><pre>1</pre><td>a<tr><td>b<td>c</table>", "```\n1\n```\n\na\n\nb\n\nc"),
        (
            "<ul><li>i<table><tr><td>1<td>2<tr><td>3<td>4</table></ul>",
            "- i\n\n  | 1 | 2 |\n  | --- | --- |\n  | 3 | 4 |",
        ),
    ],
)
def test_tables_are_tables_unless_they_arrange_the_page(source, expected):
    assert markdown(source) == expected


def test_the_main_part_is_kept_when_it_says_enough():
    text = "word " * 60
    assert markdown(f"<p>before<main><p>{text}</main>after") == text.strip()
    assert markdown("<p>before<main><p>short</main>after") == "before\n\nshort\n\nafter"


def test_the_title_is_told_apart():
    page = read_html("<title>A &amp;\n B</title><body>x<svg><title>no</title></svg>", url=URL)
    assert (page.title, page.markdown, page.cut) == ("A & B", "x", False)


def test_a_sparse_table_is_not_filled_up():
    source = "<table><tr>" + "<td>x" * 29 + "<tr><td>y" * 100_000
    assert len(markdown(source)) < len(source)


def count(source):
    """Characters of a page's Markdown; it is read, whatever it is."""
    return len(markdown(source))


@pytest.mark.parametrize("name", ["div", "blockquote", "ul><li", "table><tr><td", "b", "em", "pre"])
def test_deep_nesting_is_read_like_any_other(name):
    assert 0 < count(f"<{name}>x" * 20_000) < 2_200_000
    assert "deepest" in markdown(f"<{name}>" * 20_000 + "deepest")


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<!--",
        "<a '",
        "<a x='",
        '<a x="<" ',
        "</div",
        "<script>",
        "<",
        "&",
        "<a" + " " * 1000,
        "<a x" + " " * 1000 + "/",
        "<b id=1><p>",
        "<table><tr><td colspan=30>x",
        "<blockquote>x",
        "<ul><li>x",
        "<a href=x>a",
        "<nav>",
        "<br>",
        "<tr><td>x",
    ],
)
def test_five_megabytes_of_anything_take_seconds(piece):
    """Anything that costs the square of the length takes hours here."""
    page = read_html(piece * (5_000_000 // len(piece)), url="https://x.test/" + "y" * 1500)
    assert len(page.markdown) < 2_200_000


def test_a_number_of_a_million_digits_is_no_character():
    assert markdown("&#" + "9" * 1_000_000 + ";x").endswith("x")
