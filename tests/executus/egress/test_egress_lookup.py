"""A lookup is judged as a request is, and opens nothing."""

from ipaddress import ip_address

import pytest
from egressnet import PUBLIC, PUBLIC_TOO, PUBLIC_V6, Names, Wire

from executus.egress import Egress, EgressFailed, EgressRefused
from executus.testing import FakeClock


def client(names, **options):
    wire = Wire()
    return Egress(resolver=names, connector=wire, **options), wire


async def test_all_addresses_come_in_order_and_once():
    names = Names().set("a.example", f"{PUBLIC_V6} {PUBLIC} {PUBLIC_V6} ::ffff:{PUBLIC_TOO}")
    egress, wire = client(names)
    found = await egress.lookup("A.example.")
    assert found == tuple(map(ip_address, (PUBLIC_V6, PUBLIC, PUBLIC_TOO)))
    assert names.asked == ["a.example"]
    assert wire.dialled == []


async def test_an_address_is_its_own_answer_without_a_lookup():
    names = Names()
    egress, _ = client(names)
    assert await egress.lookup(PUBLIC) == (ip_address(PUBLIC),)
    assert await egress.lookup(f"[{PUBLIC_V6}]") == (ip_address(PUBLIC_V6),)
    assert names.asked == []


async def test_an_international_name_is_asked_for_in_ascii():
    names = Names().set("xn--bcher-kva.example", PUBLIC)
    egress, _ = client(names)
    assert await egress.lookup("B\u00fccher.example") == (ip_address(PUBLIC),)


@pytest.mark.parametrize("answer", ["10.0.0.1", f"{PUBLIC} 127.0.0.1", "64:ff9b::a9fe:a9fe"])
async def test_one_answer_that_is_not_public_spoils_all(answer):
    egress, wire = client(Names().set("a.example", answer))
    with pytest.raises(EgressRefused) as caught:
        await egress.lookup("a.example")
    assert caught.value.reason == "address"
    assert wire.dialled == []


@pytest.mark.parametrize(
    "host",
    ["", "http://a.example", "a.example:443", "a.example/x", "u@a.example", "0x7f.1", "[::1%lo]"],
)
async def test_what_is_no_host_is_refused_before_any_lookup(host):
    names = Names()
    egress, _ = client(names)
    with pytest.raises(EgressRefused) as caught:
        await egress.lookup(host)
    assert caught.value.reason == "host"
    assert names.asked == []


@pytest.mark.parametrize("host", ["169.254.169.254", "metadata.google.internal"])
async def test_metadata_is_refused(host):
    egress, _ = client(Names().set(host, PUBLIC))
    with pytest.raises(EgressRefused):
        await egress.lookup(host)


async def test_an_exception_of_the_host_holds_for_lookups_too():
    names = Names().set("inside.example", "10.0.0.1")
    egress, _ = client(names, allow_networks=["10.0.0.0/8"])
    assert await egress.lookup("inside.example") == (ip_address("10.0.0.1"),)


async def test_a_lookup_that_fails_or_finds_nothing_is_a_failure_of_dns():
    egress, _ = client(Names().set("empty.example", ""))
    for host in ("empty.example", "unknown.example"):
        with pytest.raises(EgressFailed) as caught:
            await egress.lookup(host)
        assert caught.value.reason == "dns"


async def test_a_lookup_that_hangs_ends_in_time():
    clock = FakeClock()

    class Slow:
        async def resolve(self, host, port):
            clock.advance(10)
            await clock.sleep(1)

    with pytest.raises(EgressFailed) as caught:
        await Egress(resolver=Slow(), connector=Wire(), clock=clock).lookup(
            "a.example", timeout_s=5
        )
    assert (caught.value.reason, caught.value.host) == ("time", "a.example")
