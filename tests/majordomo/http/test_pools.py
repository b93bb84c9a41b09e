"""Many requests at once use several pools; few share one, and its connections."""

import anyio
import httpx2
import pytest

from majordomo.http.pools import ROOM, Pools


class Body(httpx2.AsyncByteStream):
    def __init__(self):
        self.closed = 0

    async def __aiter__(self):
        yield b"one"
        yield b"two"

    async def aclose(self):
        self.closed += 1


class Pool(httpx2.AsyncBaseTransport):
    """A pool that answers at once, unless its requests shall hang or fail."""

    def __init__(self, failing=False):
        self.requests = 0
        self.closed = False
        self.failing = failing
        self.hanging = False

    async def handle_async_request(self, request):
        self.requests += 1
        if self.hanging:
            await anyio.sleep_forever()
        if self.failing:
            raise httpx2.ConnectError("refused")
        return httpx2.Response(200, stream=Body())

    async def aclose(self):
        self.closed = True


def make_pools(most=3, **options):
    made = []

    def make():
        made.append(Pool(**options))
        return made[-1]

    return Pools(make, most=most), made


def request():
    return httpx2.Request("GET", "http://host/")


async def begin(pools, count):
    return [await pools.handle_async_request(request()) for _ in range(count)]


async def test_requests_one_after_another_share_one_pool():
    pools, made = make_pools()
    for _ in range(200):
        (response,) = await begin(pools, 1)
        await response.aclose()
    assert [pool.requests for pool in made] == [200]


async def test_a_further_pool_is_made_when_the_first_has_its_fill():
    pools, made = make_pools()
    await begin(pools, ROOM)
    assert len(made) == 1
    await begin(pools, 1)
    assert [pool.requests for pool in made] == [ROOM, 1]


async def test_beyond_the_most_pools_the_least_used_one_is_taken():
    pools, made = make_pools(most=2)
    await begin(pools, 6 * ROOM)
    assert [pool.requests for pool in made] == [3 * ROOM, 3 * ROOM]


async def test_a_closed_answer_makes_room_in_its_pool_once():
    pools, made = make_pools()
    first, *_ = await begin(pools, ROOM)
    await first.stream.aclose()
    await first.stream.aclose()
    await begin(pools, 2)
    assert [pool.requests for pool in made] == [ROOM + 1, 1]


async def test_a_failed_request_makes_room():
    pools, made = make_pools(failing=True)
    for _ in range(2 * ROOM):
        with pytest.raises(httpx2.ConnectError):
            await pools.handle_async_request(request())
    assert [pool.requests for pool in made] == [2 * ROOM]


async def test_a_cancelled_request_makes_room():
    pools, made = make_pools()
    made[0].hanging = True
    for _ in range(2 * ROOM):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await pools.handle_async_request(request())
        assert scope.cancelled_caught
    assert [pool.requests for pool in made] == [2 * ROOM]


async def test_after_a_burst_every_pool_is_used_now_and_then():
    pools, made = make_pools()
    for response in await begin(pools, 3 * ROOM):
        await response.aclose()
    before = [pool.requests for pool in made]
    for _ in range(200):
        (response,) = await begin(pools, 1)
        await response.aclose()
    assert all(pool.requests > was for pool, was in zip(made, before, strict=True))
    assert made[0].requests - before[0] > 150


async def test_a_body_is_read_and_closed_as_it_is():
    pools, _ = make_pools()
    (response,) = await begin(pools, 1)
    inner = response.stream._stream
    assert [chunk async for chunk in response.stream] == [b"one", b"two"]
    await response.aclose()
    assert inner.closed == 1


async def test_closing_closes_all_pools():
    pools, made = make_pools()
    await begin(pools, 2 * ROOM)
    await pools.aclose()
    assert [pool.closed for pool in made] == [True, True]
