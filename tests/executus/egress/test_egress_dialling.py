"""Whatever a resolver answers, whenever it changes its mind: only checked addresses are dialled."""

from ipaddress import ip_address

import anyio
import pytest
from egressnet import PUBLIC, PUBLIC_TOO, PUBLIC_V6, Names, Tape, Wire, redirect, reply
from hypothesis import given, settings
from hypothesis import strategies as st

from executus.egress import Egress, EgressError, EgressFailed, EgressRefused

GOOD = [PUBLIC, PUBLIC_TOO, PUBLIC_V6, "8.8.8.8", "::ffff:9.9.9.9", "64:ff9b::8.8.4.4"]
BAD = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "0.0.0.0",
    "::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::1",
    "2606:4700::5efe:10.0.0.1",
    "2001:0:808:808::1",
]
DIALLED_AS = {text: str(ip_address(text)) for text in GOOD} | {"::ffff:9.9.9.9": "9.9.9.9"}
HOSTS = ["a.example", "b.example", "c.example"]

answers = st.lists(st.sampled_from(GOOD + BAD), max_size=4)
scripts = st.fixed_dictionaries({host: st.lists(answers, min_size=1, max_size=5) for host in HOSTS})
hops = st.lists(
    st.tuples(st.sampled_from(HOSTS), st.sampled_from(["http", "https"])), min_size=1, max_size=5
)


class Scripted:
    """Answers each lookup from a script, and notes what it said last for each name."""

    def __init__(self, script):
        self.script = {host: list(answers) for host, answers in script.items()}
        self.lookups = []

    async def resolve(self, host, port):
        rest = self.script[host]
        answer = rest.pop(0) if len(rest) > 1 else rest[0]
        self.lookups.append((host, answer))
        return [ip_address(text) for text in answer]


class Chain(Wire):
    """Servers that redirect along a list of hops; notes which lookup stood when it was dialled."""

    def __init__(self, hops, resolver, dead):
        super().__init__(self._answer, dead=dead)
        self.hops, self.resolver = hops, resolver
        self.stood = []

    async def connect(self, address, port):
        self.stood.append((str(address), len(self.resolver.lookups)))
        return await super().connect(address, port)

    def _answer(self, asked):
        number = int(asked.path.strip("/") or 0) + 1
        if number >= len(self.hops):
            return reply(200, b"end")
        host, scheme = self.hops[number]
        return redirect(302, f"{scheme}://{host}/{number}")


@settings(max_examples=100, deadline=None)
@given(
    script=scripts,
    hops=hops,
    dead=st.sets(st.sampled_from(sorted(DIALLED_AS.values()))),
    tries=st.integers(1, 3),
)
def test_only_what_the_last_lookup_said_is_dialled_and_only_if_all_of_it_is_public(
    script, hops, dead, tries
):
    resolver = Scripted(script)
    wire = Chain(hops, resolver, dead)
    client = Egress(resolver=resolver, connector=wire)

    async def ask():
        for _ in range(tries):
            host, scheme = hops[0]
            try:
                await client.fetch("GET", f"{scheme}://{host}/0")
            except EgressError as error:
                reasons.add(error.reason)

    reasons = set()
    anyio.run(ask)
    assert reasons <= {"address", "dns", "connect"}
    for address, lookups in wire.stood:
        host, answer = resolver.lookups[lookups - 1]
        assert not set(answer).intersection(BAD), f"{host} was dialled after {answer}"
        assert address in {DIALLED_AS[text] for text in answer}
    # Each dial belongs to one lookup, and each connection to one request.
    assert len(wire.asked) == sum(1 for address, _ in wire.stood if address not in dead)
    assert wire.open == 0


async def test_the_name_is_looked_up_once_per_hop_and_kept_on_the_wire():
    names = Names().set("a.example", PUBLIC, "127.0.0.1")
    wire = Wire()
    answer = await Egress(resolver=names, connector=wire).fetch("GET", "https://a.example/x?y")
    assert names.asked == ["a.example"]
    (asked,) = wire.asked
    assert (asked.address, asked.port, asked.sni) == (PUBLIC, 443, "a.example")
    assert (asked.headers["host"], asked.path) == ("a.example", "/x?y")
    assert answer.address == PUBLIC


async def test_a_name_that_turns_inward_between_requests_is_refused():
    names = Names().set("a.example", PUBLIC, "127.0.0.1")
    wire = Wire()
    client = Egress(resolver=names, connector=wire)
    await client.fetch("GET", "https://a.example/")
    with pytest.raises(EgressRefused):
        await client.fetch("GET", "https://a.example/")
    assert wire.dialled == [PUBLIC]


async def test_a_name_that_turns_inward_between_redirects_is_refused():
    names = Names().set("a.example", PUBLIC, "169.254.169.254")
    wire = Wire(lambda asked: redirect(307, "/again"))
    with pytest.raises(EgressRefused):
        await Egress(resolver=names, connector=wire).fetch("GET", "https://a.example/")
    assert wire.dialled == [PUBLIC]


async def test_a_dead_address_falls_back_to_the_next_checked_one():
    names = Names().set("a.example", f"{PUBLIC_V6} {PUBLIC} {PUBLIC_V6} {PUBLIC_TOO}")
    wire = Wire(dead={PUBLIC_V6, PUBLIC})
    answer = await Egress(resolver=names, connector=wire).fetch("GET", "https://a.example/")
    assert wire.dialled == [PUBLIC_V6, PUBLIC, PUBLIC_TOO]
    assert answer.address == PUBLIC_TOO
    assert names.asked == ["a.example"]


async def test_no_address_left_is_one_error_that_names_them():
    names = Names().set("a.example", f"{PUBLIC} {PUBLIC_TOO}")
    with pytest.raises(EgressFailed) as caught:
        await Egress(resolver=names, connector=Wire(dead={PUBLIC, PUBLIC_TOO})).fetch(
            "GET", "https://a.example/"
        )
    assert caught.value.reason == "connect"
    assert PUBLIC in str(caught.value)
    assert PUBLIC_TOO in str(caught.value)


async def test_two_names_at_one_address_never_share_a_connection():
    names = Names().set("a.example", PUBLIC).set("b.example", PUBLIC)
    wire = Wire(lambda asked: reply(200, b"ok", connection="keep-alive"))
    client = Egress(resolver=names, connector=wire)
    for host in ("a.example", "b.example", "a.example"):
        await client.fetch("GET", f"https://{host}/")
    assert wire.dialled == [PUBLIC] * 3
    assert [asked.sni for asked in wire.asked] == ["a.example", "b.example", "a.example"]


async def test_proxies_and_netrc_of_the_environment_are_ignored(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine a.example login u password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    wire = Wire()
    client = Egress(resolver=Names().set("a.example", PUBLIC), connector=wire)
    await client.fetch("GET", "http://a.example/")
    await client.fetch("GET", "https://a.example/")
    assert wire.dialled == [PUBLIC, PUBLIC]
    assert all("authorization" not in asked.headers for asked in wire.asked)
    assert all(asked.path == "/" for asked in wire.asked)


class Reluctant(Tape):
    """A connection that never answers, takes a while to close, and whose TLS cannot be closed."""

    tls_fails = False

    async def read(self, max_bytes, timeout=None):
        self.wire.asked.append(self)
        await anyio.sleep_forever()

    async def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        return BrokenTls(self) if self.tls_fails else self

    async def aclose(self):
        await anyio.lowlevel.checkpoint()
        await super().aclose()


class BrokenTls(Reluctant):
    def __init__(self, inner):
        super().__init__(inner.wire, inner.address, inner.port)

    async def aclose(self):
        raise anyio.BrokenResourceError


@pytest.mark.parametrize("tls_fails", [False, True])
async def test_a_cancelled_request_closes_its_connection(tls_fails):
    wire = Wire()
    tapes = []

    class Opening:
        async def connect(self, address, port):
            tapes.append(Reluctant(wire, str(address), port))
            tapes[0].tls_fails = tls_fails
            wire.open += 1
            return tapes[0]

    names = Names(a_example=[PUBLIC])
    client = Egress(resolver=names, connector=Opening())
    async with anyio.create_task_group() as group:
        group.start_soon(client.fetch, "GET", "https://a.example/")
        while not wire.asked:
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert tapes[0].closed
