"""`web.search` over its seam: three adapters against recorded shapes on loopback, and one's own."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from egressnet import reply
from loopback import serve

from executus import Executor, RunnableAgent
from executus.egress import Egress
from executus.errors import SetupError
from executus.registry import ToolRegistry
from executus.testing import FakeProvider, Reply
from executus.tools import web_tools
from executus.tools.web import Brave, SearchFailed, SearchHit, SearXNG, Tavily

KEY = "canary-9f2c7d"

SEARXNG = {
    "query": "cats",
    "number_of_results": 0,
    "results": [
        {
            "url": "https://a.test/",
            "title": "A",
            "content": "about\n cats",
            "engine": "duckduckgo",
            "publishedDate": "2026-01-02T00:00:00",
            "score": 1.0,
        },
        {"url": "https://b.test/", "title": "B", "content": None, "publishedDate": None},
        {"title": "no url"},
    ],
    "answers": [],
    "suggestions": [],
    "unresponsive_engines": [["google", "timeout"]],
}
BRAVE = {
    "type": "search",
    "query": {"original": "cats"},
    "web": {
        "type": "search",
        "results": [
            {
                "title": "A &amp; B",
                "url": "https://a.test/",
                "description": "about <strong>cats</strong>",
                "age": "2 days ago",
                "page_age": "2026-01-02T00:00:00",
            },
            {"title": "B", "url": "https://b.test/"},
        ],
    },
}
TAVILY = {
    "query": "cats",
    "answer": None,
    "images": [],
    "results": [
        {
            "title": "A",
            "url": "https://a.test/",
            "content": "about cats",
            "score": 0.9,
            "raw_content": None,
        },
        {"title": "B", "url": "https://b.test/", "content": "b", "published_date": "2026-01-02"},
    ],
    "response_time": 0.5,
}


def made(kind, port):
    base, egress = f"http://127.0.0.1:{port}", Egress(allow_hosts=["127.0.0.1"])
    if kind is SearXNG:
        return SearXNG(base)
    return kind(KEY, base_url=base, egress=egress)


async def ask(kind, status, body, *, limit=5, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    failure = None
    async with serve(lambda server, head: reply(status, raw, **headers)) as server:
        try:
            return await made(kind, server.port).search("two words", limit=limit), server.heads[0]
        except SearchFailed as error:
            failure = error
    raise failure


async def test_searxng_is_asked_for_json():
    hits, head = await ask(SearXNG, 200, SEARXNG)
    assert list(hits) == [
        SearchHit(
            title="A",
            url="https://a.test/",
            snippet="about cats",
            published="2026-01-02T00:00:00",
        ),
        SearchHit(title="B", url="https://b.test/"),
    ]
    path = urlsplit(head.split(b" ")[1].decode())
    assert path.path == "/search"
    assert parse_qs(path.query) == {"q": ["two words"], "format": ["json"]}


async def test_brave_is_asked_with_its_token():
    hits, head = await ask(Brave, 200, BRAVE, limit=1)
    assert list(hits) == [
        SearchHit(
            title="A & B",
            url="https://a.test/",
            snippet="about **cats**",
            published="2026-01-02T00:00:00",
        )
    ]
    assert b"/web/search?q=two+words&count=1&text_decorations=false " in head
    assert f"x-subscription-token: {KEY}".encode() in head


async def test_tavily_is_asked_with_its_key():
    hits, head = await ask(Tavily, 200, TAVILY)
    assert [hit.url for hit in hits] == ["https://a.test/", "https://b.test/"]
    assert hits[1].published == "2026-01-02"
    assert head.startswith(b"POST /search ")
    assert f"authorization: Bearer {KEY}".encode() in head


@pytest.mark.parametrize("kind", [SearXNG, Brave, Tavily])
@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (401, "auth"),
        (403, "auth"),
        (402, "quota"),
        (429, "rate"),
        (422, "request"),
        (500, "server"),
    ],
)
async def test_each_status_is_a_typed_error_without_the_key(kind, status, fault):
    with pytest.raises(SearchFailed) as caught:
        await ask(kind, status, {"detail": f"no {KEY}"}, retry_after="7")
    assert caught.value.fault == fault
    # SearXNG's 403 is one of its settings, which no waiting cures.
    assert caught.value.retry_after_s == (None if (kind, status) == (SearXNG, 403) else 7.0)
    assert KEY not in f"{caught.value!r} {caught.value.__dict__}"


def brave_error(code, *, shape="error"):
    """As the service answers, and as its documentation shows it."""
    error = {"code": code, "detail": f"no {KEY}", "status": 422, "meta": {"component": "x"}}
    told = {"error": error} if shape == "error" else {"errors": [error]}
    return {"type": "ErrorResponse", **told, "time": 1663072993}


@pytest.mark.parametrize("shape", ["error", "errors"])
@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (422, "SUBSCRIPTION_TOKEN_INVALID", "auth"),
        (422, "VALIDATION", "request"),
        (404, "SUBSCRIPTION_NOT_FOUND", "auth"),
        (400, "OPTION_NOT_IN_PLAN", "auth"),
        (429, "RATE_LIMITED", "rate"),
        (429, "QUOTA_LIMITED", "quota"),
        (500, "SOMETHING_NEW", "server"),
    ],
)
async def test_braves_own_code_says_more_than_its_status(status, code, fault, shape):
    with pytest.raises(SearchFailed) as caught:
        await ask(Brave, status, brave_error(code, shape=shape))
    assert caught.value.fault == fault
    assert KEY not in f"{caught.value!r} {caught.value.__dict__}"


@pytest.mark.parametrize(
    "body", [b"<html>", [], {"error": "text"}, {"error": {"code": 3}}, {"errors": {"code": "x"}}]
)
async def test_an_odd_error_of_braves_is_told_by_its_status(body):
    with pytest.raises(SearchFailed) as caught:
        await ask(Brave, 422, body)
    assert caught.value.fault == "request"


@pytest.mark.parametrize(
    ("left", "reset", "wait"),
    [
        ("0, 1500", "1, 1419704", 1),
        ("1, 0", "1, 1419704", 1419704),
        ("0, 0", "1, 1419704", 1419704),
        ("1, 5", "1, 2", None),
        ("0", "soon", None),
        ("", "", None),
    ],
)
async def test_brave_tells_the_wait_by_windows(left, reset, wait):
    windows = {"x_ratelimit_remaining": left, "x_ratelimit_reset": reset}
    with pytest.raises(SearchFailed) as caught:
        await ask(Brave, 429, brave_error("RATE_LIMITED"), **windows)
    assert caught.value.retry_after_s == wait
    assert ("(in 1 s)" in str(caught.value)) == (wait == 1)


async def test_brave_takes_fifty_words():
    async with serve(lambda server, head: reply(200, b"{}")) as server:
        await made(Brave, server.port).search("w " * 60, limit=5)
    asked = parse_qs(urlsplit(server.heads[0].split(b" ")[1].decode()).query)
    assert asked["q"] == [" ".join(["w"] * 50)]


@pytest.mark.parametrize(("status", "fault"), [(400, "request"), (432, "quota"), (433, "quota")])
async def test_tavilys_own_statuses(status, fault):
    with pytest.raises(SearchFailed) as caught:
        await ask(Tavily, status, {"detail": {"error": f"no {KEY}"}})
    assert caught.value.fault == fault
    assert KEY not in f"{caught.value!r} {caught.value.__dict__}"


async def test_a_searxng_without_json_says_what_its_host_must_set():
    with pytest.raises(SearchFailed, match=r"search\.formats"):
        await ask(SearXNG, 403, b"<html>Forbidden")


@pytest.mark.parametrize("retry_after", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1e9", "soon"])
async def test_a_wait_that_is_no_number_is_no_wait(retry_after):
    with pytest.raises(SearchFailed) as caught:
        await ask(Tavily, 429, {}, retry_after=retry_after)
    assert (caught.value.fault, caught.value.retry_after_s) == ("rate", None)


@pytest.mark.parametrize(
    ("kind", "wrap"),
    [
        (SearXNG, lambda hits: {"results": hits}),
        (Brave, lambda hits: {"web": {"results": hits}}),
        (Tavily, lambda hits: {"results": hits}),
    ],
)
async def test_odd_values_of_a_hit_are_left_out_and_long_ones_cut(kind, wrap):
    odd = {"url": "https://a.test/", "title": 3, "content": ["x"], "description": {"y": 1}}
    dated = {"publishedDate": 1, "age": 2, "page_age": None, "published_date": 1767312000}
    long = {"url": "https://b.test/", "title": "t" * 9999, "content": "c" * 9999}
    hits, _ = await ask(kind, 200, wrap([odd | dated, None, "x", {"url": ""}, {"url": 5}, long]))
    assert hits[0] == SearchHit(title="", url="https://a.test/")
    assert [hit.url for hit in hits] == ["https://a.test/", "https://b.test/"]
    assert len(hits[1].title) == 1000
    assert len(hits[1].snippet) <= 1000


@pytest.mark.parametrize("kind", [SearXNG, Brave, Tavily])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff"])
async def test_what_is_no_json_object_is_a_typed_error(kind, body):
    with pytest.raises(SearchFailed, match="did not answer in JSON"):
        await ask(kind, 200, body)


@pytest.mark.parametrize("kind", [SearXNG, Brave, Tavily])
@pytest.mark.parametrize("body", [{}, {"results": 3, "web": []}, {"web": {"results": [1]}}])
async def test_fields_that_are_missing_or_odd_are_no_hits(kind, body):
    hits, _ = await ask(kind, 200, body)
    assert list(hits) == []


async def test_a_key_never_follows_a_redirect():
    async with serve(lambda server, head: reply(200, b"{}")) as other:
        for kind in (Brave, Tavily):
            with pytest.raises(SearchFailed):
                await ask(kind, 307, b"", location=f"http://127.0.0.1:{other.port}/")
    assert other.heads == []


async def test_searxng_without_engines_says_so():
    with pytest.raises(SearchFailed, match="none of SearXNG's engines answered"):
        await ask(SearXNG, 200, {"results": [], "unresponsive_engines": [["google", "timeout"]]})


@pytest.mark.parametrize(
    "make",
    [
        lambda: SearXNG("searx.internal"),
        lambda: SearXNG("http://user:pw@searx.internal"),
        lambda: Brave(" "),
        lambda: Brave("clé-" + KEY),
        lambda: Tavily("a\nb" + KEY),
    ],
)
def test_what_cannot_work_is_refused_at_once_without_showing_it(make):
    with pytest.raises(SetupError) as caught:
        make()
    assert KEY not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_no_representation_shows_a_key():
    assert KEY not in repr([Brave(KEY), Tavily(KEY)])


class Own:
    """A host's own search."""

    def __init__(self, *hits, fails=None):
        self.hits, self.fails, self.asked = hits, fails, []

    async def search(self, query, *, limit):
        self.asked.append((query, limit))
        if self.fails:
            raise self.fails
        return self.hits


async def run(search, *calls):
    provider = FakeProvider()
    provider.enqueue("m", *(Reply(calls=[("web__search", call)]) for call in calls), "done")
    registry = ToolRegistry()
    registry.add("web", web_tools(Egress(), search=search))
    agent = RunnableAgent(name="seeker", model=provider.model("m"), tools=["web.search"])
    result = await Executor(registry=registry).run(agent, "go")
    return [part for message in result.messages for part in message.tool_results]


async def test_a_hosts_own_search_is_offered_and_asked():
    own = Own(
        SearchHit(title="T", url="https://t.test/", snippet="s", published="today"),
        *[SearchHit(title="", url="https://u.test/")] * 30,
    )
    answers = await run(
        own,
        {"query": " a  b "},
        {"query": "x", "limit": 1},
        {"query": ""},
        {"query": "x", "limit": 21},
    )
    assert own.asked == [("a b", 8), ("x", 1)]
    assert answers[0].text.startswith("Untrusted content of a web search")
    assert "1. T (today)\nhttps://t.test/\ns\n\n2. https://u.test/\n" in answers[0].text
    assert "9." not in answers[0].text
    assert "2." not in answers[1].text
    assert [part.is_error for part in answers] == [False, False, True, True]


async def test_nothing_found_and_a_failure_are_told():
    (none,) = await run(Own(), {"query": "x"})
    assert "nothing was found" in none.text
    (failed,) = await run(Own(fails=SearchFailed("too many", fault="rate")), {"query": "x"})
    assert failed.is_error
    assert "too many" in failed.text


def test_without_a_search_the_tool_is_not_offered():
    assert [tool.name for tool in web_tools(Egress())] == ["fetch"]
