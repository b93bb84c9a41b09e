"""The page stands alone, says everything, and nothing a run has said does anything in it."""

import re
from dataclasses import fields, replace
from datetime import UTC, timedelta, timezone
from html.parser import HTMLParser

import pytest
from runstories import HOSTILE, RUN, START, call, denial, many, rich, run, step, story_of

from executus.runpage import run_page

VOID = {"meta"}
WORDS = """html head meta title style body main header h1 h2 h3 p div span time dl dt dd pre code b
small svg desc line rect text a ul li table thead tbody tr th td article details summary
footer"""
KNOWN = frozenset(WORDS.split())


class Page(HTMLParser):
    """Elements, and the text outside of `style`; refuses what is not nested properly."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open, self.text, self.ids = [], [], "", []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for key, value in attrs if key == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data

    def count(self, tag, **attributes):
        wanted = {key.rstrip("_"): value for key, value in attributes.items()}.items()
        return sum(tag == name and wanted <= attrs.items() for name, attrs in self.elements)


async def page_of(records, *runs):
    return run_page(await story_of(records, *runs), zone=UTC)


async def test_everything_that_happened_is_on_the_page():
    children = [
        run("c1", parent=RUN, root=RUN, agent="proof-reader"),
        run("c2", parent="c1", root=RUN, agent="typist", status="failed", error="no ink"),
    ]
    warned = run(warnings=("slow",), status="failed", error="it broke")
    page = Page(await page_of(rich(), warned, *children))
    for text in (
        *("helper", "failed", "it broke", "Warning: slow", "for ann", "2026-11-21 09:14:03 UTC"),
        *("12.5 s", "1.23k", "0.0125 USD", "What is new?", "Everything."),
        *("p/first asked again after 2.0 s: 429", "p/second asked instead of p/first: 503"),
        *("web.fetch", "timed out", "with 1 image", "https://example.org", "a page"),
        *("Refused by approval: not today", "nobody.knows denied (approval): not today"),
        *("unfinished", "proof-reader", "typist", "no ink"),
    ):
        assert text in page.text, text


async def test_a_call_is_a_bar_in_the_timeline_and_looks_like_its_outcome():
    page = Page(await page_of(rich()))
    bars = [attrs["class"] for tag, attrs in page.elements if "bar" in attrs.get("class", "")]
    drawn = bars[:-6]  # the legend's
    assert drawn == ["bar model", "bar ok", "bar error", "bar denied", "bar unfinished"]
    assert page.count("details") - page.count("details", open=None) == 1, "what went well is closed"


async def test_calls_at_the_same_time_stand_at_the_same_place():
    page = Page(await page_of([call("a", 1, 3), call("b", 1, 3), step(0, 0, 1, 3)]))
    places = [
        (attrs["x"], attrs["width"])
        for tag, attrs in page.elements
        if attrs.get("class") == "bar ok" and "%" in attrs["x"]
    ]
    assert places[0] == places[1]
    assert float(places[0][1].rstrip("%")) == pytest.approx((69 - 27) * 2 / 3, abs=0.01)


async def test_the_timeline_is_named_described_and_has_a_table_for_it():
    page = Page(await page_of(rich()))
    (svg,) = [attrs for tag, attrs in page.elements if tag == "svg" and attrs.get("role") == "img"]
    assert set(svg["aria-labelledby"].split()) <= set(page.ids)
    assert page.count("tbody") == 1
    assert page.count("th", scope="row") == 2
    links = {a["href"] for tag, a in page.elements if tag == "a"}
    assert links == {"#step-1", "#step-2"}
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in links} <= set(page.ids)


def hostile(record):
    """The record with every text of it replaced, but for those with which records are joined."""
    kept = {"id", "run_id", "root", "call_id", "outcome", "action", "at"}
    texts = {
        each.name: HOSTILE
        for each in fields(record)
        if isinstance(getattr(record, each.name), str) and each.name not in kept
    }
    return replace(record, **texts)


async def test_nothing_a_run_has_said_becomes_markup():
    """Every text of every record, also those that a provider or a host chose."""
    records = [hostile(record) for record in rich()]
    parent = replace(hostile(run()), warnings=(HOSTILE,))
    child = replace(hostile(run("c1")), parent=RUN, root=RUN)
    text = await page_of(records, replace(parent, parent=HOSTILE), child)
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= KNOWN
    assert not {key for _, attrs in page.elements for key in attrs if key.startswith("on")}
    assert "script" in page.text
    assert not re.search(
        "[\u2028\u2029\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f]", text
    )
    text.encode()


async def test_nothing_is_loaded():
    text = await page_of([hostile(record) for record in rich()])
    page = Page(text)
    loading = {"src", "srcset", "data", "action", "formaction", "xlink:href", "poster", "style"}
    assert not {key for _, attrs in page.elements for key in attrs} & loading
    assert all(
        attrs["href"].startswith("#step-") for tag, attrs in page.elements if "href" in attrs
    )
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    (policy,) = [a["content"] for _, a in page.elements if "http-equiv" in a]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


async def test_a_run_without_steps_has_a_page():
    page = Page(await page_of([], run(steps=0, ended=None, cost=None, input_tokens=None, input="")))
    assert "No step was recorded." in page.text
    assert page.count("svg") == page.count("table") == 0


async def test_a_run_that_was_only_refused_things_has_a_page():
    page = Page(await page_of([denial("x")]))
    assert "No step was recorded." in page.text
    assert "disk.write denied (approval): not today" in page.text


async def test_five_hundred_steps_have_a_page():
    page = Page(await page_of(many(500)))
    assert page.count("article") == 500
    assert page.count("rect", class_="bar model") == 501
    assert "13 h 53 min in which nothing happened" in page.text


async def test_long_texts_are_cut_and_say_so():
    text = await page_of([call("a", 0, 1, text="x" * 9_000, arguments="y" * 9_000), step(0, 0, 1)])
    assert text.count("(5000 more characters)") == 2
    assert len(text) < 30_000


async def test_a_clock_that_went_backwards_draws_no_negative_bar():
    page = Page(await page_of([call("a", 9, 5), step(0, 8, 2)]))
    wide = [attrs["width"] for tag, attrs in page.elements if tag == "rect"]
    assert not [one for one in wide if str(one).startswith("-")]
    assert "-" not in re.sub(r"\d\d-\d\d-\d\d|step-\d", "", "".join(wide))


async def test_times_are_told_in_the_zone_asked_for():
    told = run_page(await story_of([]), zone=timezone(timedelta(hours=2), "EET"))
    assert "2026-11-21 11:14:03" in told
    assert "EET" in told
    assert f'datetime="{START.isoformat()}"' in told
