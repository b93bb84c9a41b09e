"""`python rounds.py DOCUMENT…`: searches, and `execute` over MCP, with these catalogs; as JSON."""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import anyio
from executus_gateway.assembly import open_local
from executus_gateway.mcp import make_server
from executus_gateway.schema import OpenapiPlace
from mcp import Client

QUERIES = (
    "create a customer",
    "list pull requests",
    "merge a pull request",
    "refund a charge",
    "add a label to an issue",
    "star a repository",
    "cancel subscription",
    "upload a release asset",
)
ROUNDS = 60
WARM_UP = 10


def milliseconds(times):
    ordered = sorted(times)
    return {"best_ms": ordered[0] * 1e3, "median_ms": statistics.median(ordered) * 1e3}


async def timed(work):
    times = []
    for number in range(WARM_UP + ROUNDS):
        begun = time.perf_counter()
        await work(number)
        times.append(time.perf_counter() - begun)
    return milliseconds(times[WARM_UP:])


async def main():
    with tempfile.TemporaryDirectory() as folder:
        async with open_local(Path(folder) / "home") as gateway:
            for name in sys.argv[1:]:
                place = OpenapiPlace(spec=name, base_url="https://service.invalid")
                source = await gateway.sources.add(place)
                assert source.state in {"connected", "auth_required"}, source.problem

            async def search(number):
                found = gateway.sources.catalogs.search(
                    QUERIES[number % len(QUERIES)], limit=10, visible=lambda found: True
                )
                assert found or not sys.argv[1:]

            async with Client(make_server(gateway)) as client:

                async def hello(number):
                    result = await client.call_tool("execute", {"code": f"return {number}"})
                    assert result.content[0].text == str(number)

                told = {"execute": await timed(hello), "search": await timed(search)}
    print(json.dumps(told))


anyio.run(main)
