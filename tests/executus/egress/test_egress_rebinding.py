"""DNS rebinding, with a real DNS server on UDP that changes its answer at once (TTL 0).

127.0.0.1 plays the public server (its network is allowed), 127.0.0.2 the internal one (it is not).
"""

import socket
import struct
from contextlib import asynccontextmanager
from ipaddress import ip_address

import anyio
import pytest
from egressnet import reply
from loopback import serve

from executus.egress import Egress, EgressRefused

OUTSIDE = "127.0.0.1"
INSIDE = "127.0.0.2"


class Zone:
    """Answers each query for an address with the next line of its script; the last one repeats."""

    def __init__(self, *script):
        self.script = list(script)
        self.queries = 0

    def reply_to(self, query):
        self.queries += 1
        addresses = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        question = query[12:]
        head = query[:2] + struct.pack("!5H", 0x8180, 1, len(addresses.split()), 0, 0)
        records = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
            for address in addresses.split()
        )
        return head + question + records


@asynccontextmanager
async def dns(zone):
    """A DNS server on loopback; gives its port."""
    async with (
        await anyio.create_udp_socket(local_host="127.0.0.1") as udp,
        anyio.create_task_group() as group,
    ):

        async def answer():
            async for query, sender in udp:
                await udp.sendto(zone.reply_to(query), *sender)

        group.start_soon(answer)
        yield udp.extra(anyio.abc.SocketAttribute.local_port)
        group.cancel_scope.cancel()


class DnsResolver:
    """A host's own resolver: asks one server for A records, caches nothing."""

    def __init__(self, port):
        self.port = port

    async def resolve(self, host, port):
        name = b"".join(bytes([len(part)]) + part.encode() for part in host.split("."))
        query = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + name + b"\x00" + b"\x00\x01\x00\x01"
        async with await anyio.create_connected_udp_socket("127.0.0.1", self.port) as udp:
            await udp.send(query)
            data = await udp.receive()
        count = struct.unpack("!H", data[6:8])[0]
        return [ip_address(data[at - 4 : at]) for at in range(len(data), len(query), -16)][:count]


@asynccontextmanager
async def world(zone, respond):
    """The two servers on one port of two addresses, and a client that may reach the first."""
    async with (
        serve(respond, host=OUTSIDE) as outside,
        serve(lambda server, head: reply(200, b"SECRET"), host=INSIDE, port=outside.port) as inside,
        dns(zone) as port,
    ):
        client = Egress(resolver=DnsResolver(port), allow_networks=[f"{OUTSIDE}/32"])
        yield client, outside, inside


def plainly(server, head):
    return reply(200, b"harmless")


async def test_the_test_servers_are_what_they_claim():
    async with world(Zone(INSIDE), plainly) as (_, outside, inside):
        allowed = Egress(allow_hosts=[INSIDE])
        answer = await allowed.fetch("GET", f"http://{INSIDE}:{inside.port}/")
    assert answer.body == b"SECRET"
    assert (outside.connections, inside.connections) == (0, 1)


async def test_an_answer_that_changes_after_the_check_changes_nothing():
    zone = Zone(OUTSIDE, INSIDE)
    async with world(zone, plainly) as (client, outside, inside):
        answer = await client.fetch("GET", f"http://rebind.test:{outside.port}/")
    assert answer.body == b"harmless"
    assert (zone.queries, outside.connections, inside.connections) == (1, 1, 0)


async def test_the_next_request_sees_the_change_and_is_refused():
    zone = Zone(OUTSIDE, INSIDE)
    async with world(zone, plainly) as (client, outside, inside):
        await client.fetch("GET", f"http://rebind.test:{outside.port}/")
        with pytest.raises(EgressRefused) as caught:
            await client.fetch("GET", f"http://rebind.test:{outside.port}/")
    assert (caught.value.reason, caught.value.address) == ("address", INSIDE)
    assert inside.connections == 0


@pytest.mark.parametrize("answer", [f"{OUTSIDE} {INSIDE}", f"{INSIDE} {OUTSIDE}"])
async def test_one_bad_answer_among_good_ones_dials_nothing(answer):
    async with world(Zone(answer), plainly) as (client, outside, inside):
        with pytest.raises(EgressRefused):
            await client.fetch("GET", f"http://rebind.test:{outside.port}/")
    assert (outside.connections, inside.connections) == (0, 0)


async def test_a_redirect_to_the_same_name_is_looked_up_and_judged_again():
    def respond(server, head):
        return reply(302, location=f"http://rebind.test:{server.port}/again")

    zone = Zone(OUTSIDE, OUTSIDE, INSIDE)
    async with world(zone, respond) as (client, outside, inside):
        with pytest.raises(EgressRefused) as caught:
            await client.fetch("GET", f"http://rebind.test:{outside.port}/")
    assert caught.value.reason == "address"
    assert (zone.queries, outside.connections, inside.connections) == (3, 2, 0)
