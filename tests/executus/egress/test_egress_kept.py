"""The guard below a pool: every connection is judged when it is opened, and dialled as judged."""

import httpcore2
import pytest
from egressnet import PUBLIC, PUBLIC_TOO, Names, Wire

from executus.egress import Egress, EgressFailed, EgressRefused
from executus.testing import FakeClock


async def asked(egress, *urls):
    async with httpcore2.AsyncConnectionPool(network_backend=egress.kept_backend()) as pool:
        return [(await pool.request("GET", url)).status for url in urls]


async def test_a_connection_goes_to_the_address_that_was_judged():
    wire, names = Wire(), Names(a_test=[f"{PUBLIC} {PUBLIC_TOO}"])
    egress = Egress(resolver=names, connector=wire)
    assert await asked(egress, "http://a.test/") == [200]
    assert wire.dialled == [PUBLIC]


async def test_the_next_address_is_tried_when_one_is_dead():
    wire = Wire(dead=[PUBLIC])
    egress = Egress(resolver=Names(a_test=[f"{PUBLIC} {PUBLIC_TOO}"]), connector=wire)
    assert await asked(egress, "http://a.test/") == [200]
    assert wire.dialled == [PUBLIC, PUBLIC_TOO]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://inside.test/", "address"),
        ("http://10.0.0.1/", "address"),
        ("http://[::1]/", "address"),
        ("http://metadata.google.internal/", "host"),
        ("http://a.test:25/", "port"),
    ],
)
async def test_what_fetch_refuses_is_refused(url, reason):
    wire = Wire()
    names = Names(a_test=[PUBLIC], inside_test=["10.0.0.1"], metadata_google_internal=[PUBLIC])
    with pytest.raises(EgressRefused) as caught:
        await asked(Egress(resolver=names, connector=wire), url)
    assert caught.value.reason == reason
    assert wire.dialled == []


async def test_a_name_that_turns_inward_is_refused_at_the_next_connection():
    wire, names = Wire(), Names(a_test=[PUBLIC, "10.0.0.1"])
    egress = Egress(resolver=names, connector=wire)
    assert await asked(egress, "http://a.test/") == [200]
    with pytest.raises(EgressRefused):
        await asked(egress, "http://a.test/")
    assert wire.dialled == [PUBLIC]


async def test_connecting_ends_at_the_clients_own_limit():
    clock = FakeClock()

    class Slow:
        async def resolve(self, host, port):
            clock.advance(10)
            await clock.sleep(0)
            raise AssertionError("too late")

    backend = Egress(resolver=Slow(), clock=clock).kept_backend()
    with pytest.raises(EgressFailed, match="took over 5 s"):
        await backend.connect_tcp("a.test", 80, timeout=5.0)


async def test_a_socket_file_is_never_opened():
    with pytest.raises(EgressFailed, match="socket file"):
        await Egress().kept_backend().connect_unix_socket("/run/x")
