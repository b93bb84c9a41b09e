"""Against real HTTP and HTTPS servers on loopback, reached through an allow-list."""

import gzip
import logging
import socket
import ssl

import pytest
import trustme
from egressnet import Names, reply
from loopback import serve

from executus.egress import Egress, EgressFailed, EgressRefused

OK = reply(200, b"hello")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def serving(authority, *names):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def no_lookup(monkeypatch):
    """Dialling a checked address must not look anything up."""

    def getaddrinfo(*args, **kwargs):
        raise AssertionError(f"looked up {args}")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


async def test_a_server_on_loopback_needs_the_allow_list():
    async with serve(lambda server, head: OK) as server:
        url = f"http://127.0.0.1:{server.port}/x"
        with pytest.raises(EgressRefused):
            await Egress().fetch("GET", url)
        assert server.connections == 0
        answer = await Egress(allow_hosts={f"127.0.0.1:{server.port}"}).fetch("GET", url)
    assert (answer.status, answer.body, answer.address) == (200, b"hello", "127.0.0.1")
    assert server.connections == 1


async def test_the_systems_resolver_is_the_default():
    async with serve(lambda server, head: OK) as server:
        url = f"http://localhost:{server.port}/"
        with pytest.raises(EgressRefused) as caught:
            await Egress().fetch("GET", url)
        assert caught.value.reason == "address"
        answer = await Egress(allow_hosts=["localhost"]).fetch("GET", url)
    assert answer.body == b"hello"


async def test_the_certificate_is_verified_for_the_name_not_the_address(
    authority, trusting, request
):
    names = Names().set("right.test", "127.0.0.1").set("wrong.test", "127.0.0.1")
    async with serve(lambda server, head: OK, tls=serving(authority, "right.test")) as server:
        # The server stands before the patch: listening looks its own address up.
        request.getfixturevalue("no_lookup")
        client = Egress(
            allow_hosts=["right.test", "wrong.test", "127.0.0.1"], resolver=names, tls=trusting
        )
        answer = await client.fetch("GET", f"https://right.test:{server.port}/")
        assert answer.body == b"hello"
        assert f"host: right.test:{server.port}\r\n".encode() in server.heads[0]
        for host in ("wrong.test", "127.0.0.1"):
            with pytest.raises(EgressFailed) as caught:
                await client.fetch("GET", f"https://{host}:{server.port}/")
            assert caught.value.reason == "tls"
    assert len(server.heads) == 1


async def test_an_unknown_authority_is_not_believed(authority):
    names = Names().set("right.test", "127.0.0.1")
    async with serve(lambda server, head: OK, tls=serving(authority, "right.test")) as server:
        with pytest.raises(EgressFailed) as caught:
            await Egress(allow_hosts=["right.test"], resolver=names).fetch(
                "GET", f"https://right.test:{server.port}/"
            )
    assert caught.value.reason == "tls"
    assert server.heads == []


async def test_a_redirect_from_https_to_http_leaves_the_credentials_behind(authority, trusting):
    async with serve(lambda server, head: OK) as plain:
        location = f"http://plain.test:{plain.port}/"
        tls = serving(authority, "right.test")
        async with serve(lambda s, h: reply(302, location=location), tls=tls) as secure:
            names = Names().set("right.test", "127.0.0.1").set("plain.test", "127.0.0.1")
            client = Egress(allow_hosts=["right.test", "plain.test"], resolver=names, tls=trusting)
            answer = await client.fetch(
                "GET",
                f"https://right.test:{secure.port}/",
                headers={"Authorization": "Bearer s", "Accept": "text/plain"},
            )
    assert answer.url == location
    assert b"authorization: Bearer s" in secure.heads[0]
    assert b"authorization" not in plain.heads[0]
    assert b"accept: text/plain" in plain.heads[0]


async def test_a_redirect_from_an_allowed_host_to_its_neighbour_is_refused():
    async with serve(lambda server, head: OK) as inner:
        location = f"http://127.0.0.1:{inner.port}/"
        async with serve(lambda server, head: reply(302, location=location)) as outer:
            with pytest.raises(EgressRefused):
                await Egress(allow_hosts={f"127.0.0.1:{outer.port}"}).fetch(
                    "GET", f"http://127.0.0.1:{outer.port}/"
                )
    assert (outer.connections, inner.connections) == (1, 0)


async def test_a_compressed_body_over_a_real_socket():
    body = b"0123456789" * 100_000
    packed = reply(200, gzip.compress(body), content_encoding="gzip")
    async with serve(lambda server, head: packed) as server:
        answer = await Egress(allow_hosts=["127.0.0.1"]).fetch(
            "GET", f"http://127.0.0.1:{server.port}/"
        )
    assert answer.body == body


async def test_a_big_body_is_left_early_and_its_connection_closed():
    big = reply(200, bytes(5_000_000))
    async with serve(lambda server, head: big) as server:
        answer = await Egress(allow_hosts=["127.0.0.1"]).fetch(
            "GET", f"http://127.0.0.1:{server.port}/", max_bytes=1000, oversize="cut"
        )
    assert (len(answer.body), answer.truncated) == (1000, True)


async def test_no_time_is_a_failure_of_time():
    async with serve(lambda server, head: OK) as server:
        with pytest.raises(EgressFailed) as caught:
            await Egress(allow_hosts=["127.0.0.1"], timeout_s=0).fetch(
                "GET", f"http://127.0.0.1:{server.port}/"
            )
    assert caught.value.reason == "time"


async def test_a_port_nobody_listens_on_is_a_failure_to_connect():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(EgressFailed) as caught:
            await Egress(allow_hosts=["127.0.0.1"]).fetch(
                "GET", f"http://127.0.0.1:{held.getsockname()[1]}/"
            )
    assert caught.value.reason == "connect"


async def test_plain_http_where_tls_was_expected_is_a_tls_failure(trusting):
    async with serve(lambda server, head: OK) as server:
        with pytest.raises(EgressFailed) as caught:
            await Egress(allow_hosts=["127.0.0.1"], tls=trusting).fetch(
                "GET", f"https://127.0.0.1:{server.port}/"
            )
    assert caught.value.reason == "tls"


async def test_nothing_secret_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    async with serve(lambda server, head: OK) as server:
        await Egress(allow_hosts=["127.0.0.1"]).fetch(
            "POST",
            f"http://127.0.0.1:{server.port}/?key=secret-query",
            headers={"Authorization": "Bearer secret-header"},
            content=b"secret-body",
        )
    assert "secret-" not in caplog.text
