"""MCP over HTTP goes past the guard: each connection is looked up once, judged, and pinned."""

from ipaddress import ip_address

import pytest
from executus_gateway.assembly import open_local
from mcpservice import McpService

from executus.egress import TCP_CONNECTOR, Egress


class Names:
    """A name server that changes its answer; the last one repeats."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    async def resolve(self, host, port):
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(answer)]


class Dials:
    def __init__(self):
        self.addresses = []

    async def connect(self, address, port):
        self.addresses.append(str(address))
        return await TCP_CONNECTOR.connect(address, port)


@pytest.fixture
async def notes():
    async with McpService() as service:
        yield service


def guarded(names, dials):
    """127.0.0.1 plays the public internet, 127.0.0.2 the inside."""
    return Egress(resolver=names, connector=dials, allow_networks=["127.0.0.1/32"])


async def added(gateway, notes, path="/mcp"):
    port = notes.url.rpartition(":")[2]
    url = f"http://rebind.test:{port}{path}"
    run = await gateway.execute(f"return tools.executor.sources.add(mcp='{url}', namespace='n')")
    return run.outcome.value["data"]


async def test_a_name_that_turns_inward_after_the_check_is_not_followed(home, notes):
    names, dials = Names("127.0.0.1", "127.0.0.2"), Dials()
    async with open_local(home, guard=guarded(names, dials)) as gateway:
        source = await added(gateway, notes)
        assert set(dials.addresses) <= {"127.0.0.1"}
        assert dials.addresses != []
        run = await gateway.execute("return tools.n.read_note(id=1)")
    assert "127.0.0.2" not in dials.addresses
    # Whatever needed a second connection was refused, with the guard's own sentence.
    told = source["problem"] or run.outcome.value["error"]["message"]
    assert "rebind.test is at 127.0.0.2, not a public address but loopback" in told


async def test_an_inward_name_is_never_dialled(home, notes):
    names, dials = Names("127.0.0.2"), Dials()
    async with open_local(home, guard=guarded(names, dials)) as gateway:
        source = await added(gateway, notes)
    assert source["state"] == "error"
    assert "to allow it, add" in source["problem"]
    assert dials.addresses == []


async def test_a_kept_connection_stays_at_the_address_that_was_judged(home, notes):
    names, dials = Names("127.0.0.1"), Dials()
    async with open_local(home, guard=guarded(names, dials)) as gateway:
        assert (await added(gateway, notes))["state"] == "connected"
        run = await gateway.execute("return [tools.n.read_note(id=n)['data'] for n in range(3)]")
    assert run.outcome.value == ["note 0", "note 1", "note 2"]
    assert set(dials.addresses) == {"127.0.0.1"}
    assert names.asked == len(dials.addresses)


async def test_a_forbidden_port_is_forbidden_here_too(home):
    names, dials = Names("127.0.0.1"), Dials()
    async with open_local(home, guard=guarded(names, dials)) as gateway:
        run = await gateway.execute(
            "return tools.executor.sources.add(mcp='http://rebind.test:25/mcp', namespace='n')"
        )
    assert "port 25 of rebind.test is not allowed" in run.outcome.value["data"]["problem"]
    assert dials.addresses == []
