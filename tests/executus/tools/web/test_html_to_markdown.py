"""HTML of any quality becomes Markdown, in one pass."""

import pytest

from executus.tools.web.blocks import Grid
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
        ("10<sup>6</sup> 1<sup>st</sup> 10<sup>-3</sup> a<sup>[1]</sup>", "10^6 1st 10^-3 a[1]"),
        ("a<sup></sup> 5", "a 5"),
        ("<dl><dt>T<dd>d<dd>e<dt>U<dt>V<dd>f</dl>g", "T\n: d\n: e\n\nU\nV\n: f\n\ng"),
        ("<dl><dt>T<dd>d<dl><dt>I<dd>i</dl></dl>", "T\n: d\n\n  I\n  : i"),
        ("<ol><li value=3>a<li>b</ol><ul><li>c</ul>", "3. a\n4. b\n\n- c"),
        ("<ol start=9999999><li value=x>a</ol>", "1. a"),
        ("<ul><li><input type=checkbox checked>a<li><input type=checkbox> b", "- [x] a\n- [ ] b"),
        ("<input type=checkbox>stay logged in", "stay logged in"),
        ("<a href=#x>same page</a>", "same page"),
        ("<img src=data:x data-src=i.png alt=d>", "![d](https://example.org/docs/i.png)"),
        ("<h2>T<a class=headerlink href=#t>¶</a></h2>", "## T"),
        ("<h3><button>Question?</button></h3><button>Buy</button>a", "### Question?\n\na"),
        ("<blockquote>a<footer>who</footer></blockquote><footer>f</footer>", "> a\n\n> who"),
        ("<div role=tabpanel hidden>a</div><div hidden>b</div>", "a"),
        ("<div class=highlight-go><pre>x</pre></div><pre>y</pre>", "```go\nx\n```\n\n```\ny\n```"),
        ("<div class=highlight-default>words<pre>x</pre></div>", "words\n\n```\nx\n```"),
        ("<dialog>a</dialog><dialog open>b</dialog><div role=dialog>c</div>", "b"),
        ("<div id=cookie-consent>c</div><p class='cookie recipe'>a", "a"),
        ("<body class=cookie-notice-open><main class=consent-modal>a", "a"),
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
            "<table><tr><th rowspan=2>A<th colspan=2>B<tr><th>C<th>D<tr><td>1<td>2<td>3</table>",
            "| A | B |  |\n| --- | --- | --- |\n|  | C | D |\n| 1 | 2 | 3 |",
        ),
        (
            "<table><tr><td>1<td rowspan=2>2<tr><td>3<tr><td>4<td rowspan=999999>5<tr><td>6",
            "| 1 | 2 |\n| --- | --- |\n| 3 |  |\n| 4 | 5 |\n| 6 |  |",
        ),
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


def test_what_ends_in_a_slash_has_no_inside_in_xhtml_alone():
    source = "<style/><b/>x<![CDATA[ <i> & ]]><br/>y"
    assert read_html(source, url=URL, xml=True).markdown == "x <i> &\ny"
    assert read_html("<b/>x<![CDATA[ y ]]>z", url=URL).markdown == "**xz**"


def test_the_title_is_told_apart():
    page = read_html("<title>A &amp;\n B</title><body>x<svg><title>no</title></svg>", url=URL)
    assert (page.title, page.markdown, page.cut) == ("A & B", "x", False)


def test_a_sparse_table_is_not_filled_up():
    source = "<table><tr>" + "<td>x" * 29 + "<tr><td>y" * 100_000
    assert len(markdown(source)) < len(source)


def count(source):
    """Characters of a page's Markdown; it is read, whatever it is."""
    return len(markdown(source))


@pytest.mark.parametrize(
    "name", ["div", "blockquote", "ul><li", "table><tr><td", "dl><dd", "b", "em", "pre"]
)
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
        "<tr><td rowspan=99999>x",
        "<dl><dt>t<dd>x",
        "<dt>t",
        "<sup>1",
        "<div class=highlight->",
        "<blockquote>x",
        "<ul><li>x",
        "<a href=x>a",
        "<nav>",
        "<br>",
        "<tr><td>x",
    ],
)
def test_a_megabyte_of_anything_takes_seconds(piece):
    """Anything that costs the square of the length takes far longer than a test may."""
    page = read_html(piece * (1_000_000 // len(piece)), url="https://x.test/" + "y" * 1500)
    assert len(page.markdown) < 2_200_000


def test_a_number_of_a_million_digits_is_no_character():
    assert markdown("&#" + "9" * 1_000_000 + ";x").endswith("x")


def test_a_row_of_endless_wide_cells_is_not_filled_up():
    grid = Grid()
    for _ in range(1000):
        grid.add_cell(columns=30)
    assert len(grid.rows[0]) < 1040
