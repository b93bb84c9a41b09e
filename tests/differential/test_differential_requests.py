"""The same request, said to ours and to the vendor's SDK, reaches the server as the same JSON."""

import pytest
from sdks import need_sdks

need_sdks()

from comparison import changes, judge
from differences import DIFFERENCES, EQUIVALENCES
from shapes import SHAPES
from vendor import ask_ours
from vendors import VENDORS

from executus.testing import LoopbackServer

CASES = [
    pytest.param(vendor, shape, id=f"{vendor.name}: {shape.name}")
    for vendor in VENDORS
    for shape in (*SHAPES, *vendor.own)
    if shape.name in vendor.calls
]


async def sent(vendor, shape):
    """The last request of each side."""
    async with LoopbackServer(vendor.answer) as server:
        await ask_ours(vendor, server.url, shape)
        ours, count = server.requests[-1], len(server.requests)
        async with vendor.client(url=server.url) as client:
            await vendor.calls[shape.name](client)
        assert len(server.requests) == 2 * count, "one side asked more often than the other"
        return ours, server.requests[-1]


def told(vendor, request, equivalences):
    """What of a request is compared."""
    body = request.json
    for each in equivalences:
        body = each.rewrite(body) if each.vendor == vendor.name else body
    headers = {name: request.headers.get(name) for name in vendor.headers}
    return {"method": request.method, "path": request.path, "headers": headers, "body": body}


@pytest.mark.parametrize(("vendor", "shape"), CASES)
async def test_both_send_the_same_request(vendor, shape):
    ours, theirs = (told(vendor, each, EQUIVALENCES) for each in await sent(vendor, shape))
    problems = judge(vendor.name, f"request/{shape.name}", ours, theirs, DIFFERENCES)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda v: v.name)
def test_every_shape_is_said_or_has_a_reason(vendor):
    names = {shape.name for shape in (*SHAPES, *vendor.own)}
    assert names == {*vendor.calls, *vendor.lacks}
    assert not vendor.calls.keys() & vendor.lacks.keys()


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda v: v.name)
async def test_every_equivalence_is_needed(vendor):
    mine = [each for each in EQUIVALENCES if each.vendor == vendor.name]
    shapes = [s for s in (*SHAPES, *vendor.own) if s.name in vendor.calls]
    recorded = [await sent(vendor, shape) for shape in shapes if mine]
    for each in mine:
        others = [other for other in mine if other is not each]
        assert any(found(vendor, pair, others) != found(vendor, pair, mine) for pair in recorded), (
            f"nothing needs it any more: {each.why}"
        )


def found(vendor, pair, equivalences):
    return changes(*(told(vendor, each, equivalences) for each in pair))
