"""Each hop is judged like the first, and nothing secret goes with it to another origin."""

import pytest
from egressnet import PUBLIC, PUBLIC_TOO, Names, Wire, redirect, reply

from executus.egress import Egress, EgressRefused, RedirectHop


def world(answer):
    names = Names().set("a.example", PUBLIC).set("b.example", PUBLIC_TOO)
    names.set("inside.example", "10.0.0.5")
    wire = Wire(answer)
    return wire, Egress(resolver=names, connector=wire)


def first(status, location, then=None):
    """The first request is redirected, every other answered."""

    def answer(asked):
        return redirect(status, location) if asked.path == "/start" else then or reply(200, b"end")

    return answer


def names_of(asked):
    return set(asked.headers)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1/", "address"),
        ("http://169.254.169.254/latest/", "address"),
        ("http://[::ffff:169.254.169.254]/", "address"),
        ("//127.0.0.1/", "address"),
        ("http://inside.example/", "address"),
        ("https://inside.example/", "address"),
        ("http://metadata.google.internal/", "host"),
        ("http://0x7f.1/", "host"),
        ("http://2130706433/", "host"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://a.example/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("http://a.example:25/", "port"),
        ("http://user:secret@b.example/", "url"),
        ("\\\\127.0.0.1\\", "url"),
        ("/\\127.0.0.1/", "url"),
        ("http:\\\\127.0.0.1", "url"),
        ("http://[", "url"),
        ("http://\t127.0.0.1/", "url"),
        ("https:", "url"),
    ],
)
@pytest.mark.parametrize("status", [301, 307])
async def test_a_redirect_is_judged_like_a_first_request(location, reason, status):
    wire, egress = world(first(status, location))
    with pytest.raises(EgressRefused) as caught:
        await egress.fetch("GET", "http://a.example/start")
    assert caught.value.reason == reason
    assert "secret" not in str(caught.value)
    assert wire.dialled == [PUBLIC]
    assert wire.open == 0


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x", "https://a.example/x"),
        ("x", "https://a.example/x"),
        ("?q=1", "https://a.example/start?q=1"),
        ("", "https://a.example/start"),
        ("//b.example/x", "https://b.example/x"),
        ("http://b.example:80/x#part", "http://b.example/x"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("/café?ü", "https://a.example/caf%C3%A9?%C3%BC"),
        ("/a b", "https://a.example/a%20b"),
    ],
)
async def test_a_location_may_be_relative_or_not_quite_ascii(location, url):
    seen = []

    def answer(asked):
        seen.append(asked)
        return redirect(302, location) if len(seen) == 1 else reply(200, b"end")

    _, egress = world(answer)
    got = await egress.fetch("GET", "https://a.example/start")
    assert (got.url, got.body) == (url, b"end")
    assert got.history == (RedirectHop(status=302, url="https://a.example/start"),)


@pytest.mark.parametrize(
    ("status", "method", "becomes", "keeps_body"),
    [
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (303, "DELETE", "GET", False),
        (303, "HEAD", "HEAD", False),
        (301, "PUT", "PUT", True),
        (302, "PATCH", "PATCH", True),
        (301, "HEAD", "HEAD", False),
        (307, "POST", "POST", True),
        (308, "POST", "POST", True),
        (307, "DELETE", "DELETE", True),
    ],
)
async def test_methods_and_bodies_change_as_the_standard_says(status, method, becomes, keeps_body):
    wire, egress = world(first(status, "/end"))
    content = None if method == "HEAD" else b"data"
    await egress.fetch(
        method, "http://a.example/start", content=content, headers={"Content-Type": "text/plain"}
    )
    assert wire.asked[1].method == becomes
    assert wire.asked[1].body == (b"data" if keeps_body else b"")
    assert ("content-type" in names_of(wire.asked[1])) == (keeps_body or method in ("GET", "HEAD"))


@pytest.mark.parametrize("status", [307, 308])
async def test_a_body_goes_to_another_origin_only_when_asked(status):
    wire, egress = world(first(status, "http://b.example/end"))
    with pytest.raises(EgressRefused) as caught:
        await egress.fetch("POST", "http://a.example/start", content=b"data")
    assert caught.value.reason == "redirect"
    assert "resend_body" in str(caught.value)
    assert wire.dialled == [PUBLIC]
    await egress.fetch("POST", "http://a.example/start", content=b"data", resend_body=True)
    assert wire.asked[-1].body == b"data"
    await egress.fetch("DELETE", "http://a.example/start")
    assert wire.asked[-1].method == "DELETE"


SECRETS = {
    "Authorization": "Bearer s",
    "Cookie": "s=1",
    "Proxy-Authorization": "Basic s",
    "X-Api-Key": "s",
    "X-Mine": "s",
}


@pytest.mark.parametrize(
    ("start", "location", "kept"),
    [
        ("https://a.example/start", "https://b.example/end", False),
        ("https://a.example/start", "http://a.example/end", False),
        ("http://a.example/start", "https://a.example/end", False),
        ("http://a.example/start", "http://a.example:8080/end", False),
        ("https://a.example/start", "https://sub.a.example/end", False),
        ("https://a.example/start", "https://a.example/end", True),
        ("https://a.example/start", "https://A.EXAMPLE.:443/end", True),
        ("https://a.example/start", "/end", True),
    ],
)
async def test_credentials_stay_with_their_origin(start, location, kept):
    names = Names().set("a.example", PUBLIC).set("b.example", PUBLIC_TOO)
    names.set("sub.a.example", PUBLIC)
    wire = Wire(first(302, location))
    await Egress(resolver=names, connector=wire).fetch(
        "GET", start, headers={**SECRETS, "X-Plain": "p"}, secret_headers=["x-MINE"]
    )
    for name in SECRETS:
        assert name.lower() in names_of(wire.asked[0])
        assert (name.lower() in names_of(wire.asked[1])) == kept
    assert wire.asked[1].headers["x-plain"] == "p"


async def test_credentials_do_not_come_back_with_a_later_hop():
    def answer(asked):
        if asked.path == "/start":
            return redirect(302, "https://b.example/there")
        return redirect(302, "https://a.example/back") if asked.path == "/there" else reply(200)

    wire, egress = world(answer)
    await egress.fetch("GET", "https://a.example/start", headers=SECRETS)
    assert [asked.address for asked in wire.asked] == [PUBLIC, PUBLIC_TOO, PUBLIC]
    assert "authorization" not in names_of(wire.asked[2])


async def test_a_loop_ends_at_the_limit():
    wire, egress = world(lambda asked: redirect(302, "/start"))
    with pytest.raises(EgressRefused) as caught:
        await egress.fetch("GET", "http://a.example/start")
    assert caught.value.reason == "redirect"
    assert len(wire.asked) == 6
    assert wire.open == 0


async def test_no_redirects_can_be_a_setting():
    names = Names().set("a.example", PUBLIC)
    wire = Wire(first(302, "/end"))
    with pytest.raises(EgressRefused):
        await Egress(resolver=names, connector=wire, max_redirects=0).fetch(
            "GET", "http://a.example/start"
        )
    assert len(wire.asked) == 1


async def test_a_redirect_can_be_taken_as_the_answer():
    _, egress = world(first(302, "http://127.0.0.1/"))
    got = await egress.fetch("GET", "http://a.example/start", redirects=False)
    assert (got.status, got.header("Location"), got.body) == (302, "http://127.0.0.1/", b"moved")


async def test_a_redirect_without_a_location_is_an_answer():
    _, egress = world(lambda asked: reply(302, b"where?"))
    assert (await egress.fetch("GET", "http://a.example/start")).body == b"where?"
    _, egress = world(lambda asked: reply(304, location="/end"))
    assert (await egress.fetch("GET", "http://a.example/start")).status == 304


async def test_two_locations_are_refused():
    head = b"HTTP/1.1 302 F\r\nlocation: /a\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n"
    _, egress = world(lambda asked: head)
    with pytest.raises(EgressRefused) as caught:
        await egress.fetch("GET", "http://a.example/start")
    assert caught.value.reason == "redirect"
