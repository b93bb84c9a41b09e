"""Who comes in and who does not: a table of requests, each hostile in one way."""

import anyio
import pytest
from asgi import ask
from executus_gateway.server import Guard, Tickets
from starlette.responses import PlainTextResponse

TOKEN = "right-token"
AGENT = "agent-token"
PORT = 4001
GOOD = {"host": f"127.0.0.1:{PORT}", "authorization": f"Bearer {TOKEN}"}
JSON = {"content-type": "application/json"}


@pytest.fixture
def tickets():
    return Tickets()


@pytest.fixture
def guarded(tickets):
    seen = []

    async def app(scope, receive, send):
        message = await receive()
        seen.append((scope["method"], scope["path"], message["body"]))
        await PlainTextResponse("in")(scope, receive, send)

    guard = Guard(
        app, token=TOKEN, agent_token=AGENT, port=PORT, tickets=tickets, max_body_bytes=1000
    )
    guard.seen = seen
    return guard


def headers(**changes):
    """The good ones, changed; None leaves one out."""
    changed = {**GOOD, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return [(name, value) for name, value in changed.items() if value is not None]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/rpc"),
        ("GET", "/events"),
        ("GET", "/health"),
        ("POST", "/mcp"),
        ("GET", "/mcp"),
        ("DELETE", "/mcp"),
        ("GET", "/console/"),
        ("POST", "/console/runs"),
    ],
)
async def test_the_token_opens_every_path(guarded, method, path):
    body = b"{}" if method == "POST" else b""
    answer = await ask(guarded, method, path, [*headers(), *JSON.items()], body)
    assert (answer.status, answer.body) == (200, b"in")
    assert guarded.seen == [(method, path, body)]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
async def test_the_machine_may_be_called_by_any_of_its_loopback_names(guarded, host):
    answer = await ask(guarded, "GET", "/health", headers(host=f"{host}:{PORT}"))
    assert answer.status == 200


PATHS = [("POST", "/rpc"), ("GET", "/events"), ("GET", "/health"), ("POST", "/mcp")]
PATHS += [("GET", "/console/"), ("GET", "/login"), ("GET", "/nowhere")]


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"host": "evil.example"}, 421, "bad_host"),
        ({"host": f"evil.example:{PORT}"}, 421, "bad_host"),
        ({"host": f"127.0.0.1.evil.example:{PORT}"}, 421, "bad_host"),
        ({"host": f"127.0.0.1:{PORT + 1}"}, 421, "bad_host"),
        ({"host": "127.0.0.1"}, 421, "bad_host"),
        ({"host": ""}, 421, "bad_host"),
        ({"host": None}, 421, "bad_host"),
        ({"origin": "https://evil.example"}, 403, "bad_origin"),
        ({"origin": "null"}, 403, "bad_origin"),
        ({"origin": f"http://127.0.0.1:{PORT + 1}"}, 403, "bad_origin"),
        ({"origin": f"https://127.0.0.1:{PORT}"}, 403, "bad_origin"),
        ({"sec_fetch_site": "cross-site"}, 403, "bad_origin"),
        ({"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"}, 403, "bad_origin"),
    ],
)
async def test_what_comes_from_elsewhere_is_refused_on_every_path(
    guarded, method, path, changes, status, code
):
    answer = await ask(guarded, method, path, [*headers(**changes), *JSON.items()])
    assert (answer.status, answer.code) == (status, code)
    assert guarded.seen == []


@pytest.mark.parametrize("path", ["/rpc", "/events", "/health", "/mcp", "/console/", "/nowhere"])
@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        TOKEN,
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        "Bearer ✓",
    ],
)
async def test_without_the_token_nothing_opens(guarded, path, given):
    method = "POST" if path in {"/rpc", "/mcp"} else "GET"
    asked = [(n, v.encode().decode("latin-1")) for n, v in headers(authorization=given)]
    answer = await ask(guarded, method, path, [*asked, *JSON.items()])
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert guarded.seen == []


async def test_two_tokens_are_none(guarded):
    twice = [*headers(), ("authorization", f"Bearer {TOKEN}")]
    assert (await ask(guarded, "GET", "/health", twice)).status == 401


async def test_two_hosts_are_none(guarded):
    twice = [*headers(), ("host", f"localhost:{PORT}")]
    assert (await ask(guarded, "GET", "/health", twice)).status == 421


async def test_an_empty_token_is_refused_at_once(tickets):
    with pytest.raises(ValueError, match="everybody"):
        Guard(PlainTextResponse(""), token="", port=PORT, tickets=tickets)


@pytest.mark.parametrize(("method", "path"), PATHS[:3] + PATHS[4:6])
async def test_the_agents_token_opens_the_endpoint_and_nothing_else(guarded, method, path):
    asked = [*headers(authorization=f"Bearer {AGENT}"), *JSON.items()]
    assert (await ask(guarded, "POST", "/mcp", asked, b"{}")).status == 200
    guarded.seen.clear()
    answer = await ask(guarded, method, path, asked)
    assert answer.status == (200 if path == "/login" else 401)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"])
async def test_a_method_that_a_path_does_not_take_is_refused_and_says_which_it_takes(
    guarded, method
):
    answer = await ask(guarded, method, "/rpc", headers())
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "bad_method", "POST")
    assert guarded.seen == []


async def test_no_other_page_is_ever_told_that_it_may_read(guarded):
    asked = headers(origin=f"http://localhost:{PORT}")
    preflight = [*asked, ("access-control-request-method", "POST")]
    for answer in [
        await ask(guarded, "GET", "/health", asked),
        await ask(guarded, "OPTIONS", "/rpc", preflight),
    ]:
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"]
)
@pytest.mark.parametrize("path", ["/rpc", "/mcp", "/console/x"])
async def test_only_json_is_taken(guarded, kind, path):
    answer = await ask(guarded, "POST", path, headers(content_type=kind), b"{}")
    assert (answer.status, answer.code) == (415, "bad_content_type")


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_body_past_the_bound_is_refused_whether_its_length_is_told_or_not(guarded, is_told):
    asked = [*headers(), *JSON.items(), *([("content-length", "1001")] if is_told else [])]
    answer = await ask(guarded, "POST", "/rpc", asked, b"x" * 1001)
    assert (answer.status, answer.code) == (413, "too_large")
    assert guarded.seen == []
    assert (await ask(guarded, "POST", "/rpc", asked[:3], b"x" * 1000)).status == 200


class TestBrowser:
    """With a session in place of the token."""

    @pytest.fixture
    def cookie(self, tickets):
        session = tickets.redeem(tickets.issue())
        return f"other=1; executus_gateway_{PORT}={session}"

    async def test_a_session_opens_the_console_and_nothing_else(self, guarded, cookie):
        asked = headers(authorization=None, cookie=cookie)
        assert (await ask(guarded, "GET", "/console/runs", asked)).status == 200
        for method, path in [("GET", "/events"), ("GET", "/health"), ("POST", "/rpc")]:
            answer = await ask(guarded, method, path, [*asked, *JSON.items()])
            assert answer.status == 401

    async def test_a_session_that_nobody_began_opens_nothing(self, guarded):
        asked = headers(authorization=None, cookie=f"executus_gateway_{PORT}=made-up")
        answer = await ask(guarded, "GET", "/console/", asked)
        assert (answer.status, answer.code) == (401, "unauthorized")
        assert "executus-gateway open" in answer.json["error"]["message"]

    @pytest.mark.parametrize(("origin", "status"), [(f"http://127.0.0.1:{PORT}", 200), (None, 403)])
    async def test_a_write_says_that_it_comes_from_our_own_page(
        self, guarded, cookie, origin, status
    ):
        asked = headers(
            authorization=None,
            cookie=cookie,
            origin=origin,
            content_type="application/json",
        )
        assert (await ask(guarded, "POST", "/console/x", asked, b"{}")).status == status

    async def test_a_link_from_elsewhere_may_be_followed_to_the_console(self, guarded, cookie):
        asked = headers(
            authorization=None,
            cookie=cookie,
            sec_fetch_site="cross-site",
            sec_fetch_mode="navigate",
        )
        assert (await ask(guarded, "GET", "/console/", asked)).status == 200


async def test_a_websocket_is_closed(guarded):
    sent = []

    async def send(message):
        sent.append(message["type"])

    await guarded({"type": "websocket", "path": "/mcp"}, anyio.sleep_forever, send)
    assert sent == ["websocket.close"]
