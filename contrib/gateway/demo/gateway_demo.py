"""The gateway's story, told by running it: `make demo-gateway`. No key, no network, no login.

An agent connects over MCP, adds a service and uses it in one `execute`; the write waits for a
person, who allows it at a terminal; then the run is shown. The agent and the person are scripted,
all else is real: the daemon, the sandbox, the service, the command.
"""

import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
from executus_gateway.sdk import start_daemon, stop_daemon
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from executus.testing import JSONAnswer, LoopbackServer

AGENT_CODE = """\
tools.executor.sources.add(openapi={url!r}, namespace='shop')
hit = tools.search('place an order')['data'][0]
stock = tools.shop.stock.list_stock()['data']
print('in stock:', stock, '- ordering with', hit['path'])
return tools.shop.orders.place_order(body={{'item': 'tea', 'count': 2}})
"""

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "/"}],
    "paths": {
        "/stock": {
            "get": {"operationId": "listStock", "summary": "What is there", "tags": ["stock"]}
        },
        "/orders": {
            "post": {
                "operationId": "placeOrder",
                "summary": "Place an order",
                "tags": ["orders"],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "item": {"type": "string"},
                                    "count": {"type": "integer"},
                                },
                                "required": ["item"],
                            }
                        }
                    },
                },
            }
        },
    },
}


def shop(request):
    """The service: a document, a stock, orders."""
    match request.method, request.path:
        case "GET", "/openapi.json":
            return JSONAnswer(body=DOCUMENT)
        case "POST", "/orders":
            return JSONAnswer(status=201, body={"order": 1, **request.json})
        case _:
            return JSONAnswer(body={"tea": 3, "coffee": 1})


def tell(line):
    """A line of the story."""
    print(f"\n== {line}", flush=True)


async def command(home, *args):
    """The command a person types, its output as it is."""
    print(f"$ executus-gateway {' '.join(args)}", flush=True)
    program = [sys.executable, "-c", "from executus_gateway.cli import main; main()"]
    await anyio.run_process(
        [*program, "--home", str(home), *args], stdout=None, stderr=None, stdin=subprocess.DEVNULL
    )


@asynccontextmanager
async def agent(daemon):
    """An agent that cannot be asked itself: its questions wait in the gateway's inbox."""
    headers = {"authorization": f"Bearer {daemon.agent_token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=None, trust_env=False) as http:
        streams = streamable_http_client(f"{daemon.url}/mcp", http_client=http)
        async with Client(streams) as client:
            yield client


async def use(client, tool, **arguments):
    """A call of the agent's, and what it is told."""
    result = await client.call_tool(tool, arguments)
    told = result.content[0].text
    print(f"-> {told}")
    return told


async def story(home):
    """What happens, in order."""
    (home / "gateway.toml").write_text('allow_hosts = ["127.0.0.1"]\n')
    tell("a fresh folder: no login, no database; the daemon starts when somebody needs it")
    daemon = await start_daemon(home)
    print(f"serving at {daemon.url}, process {daemon.pid}")
    async with LoopbackServer(shop) as service, agent(daemon) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        tell(f"an agent connects over MCP, and sees only: {', '.join(names)}")
        code = AGENT_CODE.format(url=f"{service.url}/openapi.json")
        print(code)
        paused = await use(client, "execute", code=code)
        tell(f"orders placed so far: {orders(service)}; a person allows this one at a terminal")
        await command(home, "inbox", "answer", "first", "--accept")
        tell("the agent resumes, and has its result")
        await use(client, "resume", run_id=paused.split("run_id '")[1].split("'")[0])
        tell(f"orders placed: {orders(service)}; what happened is kept")
        await command(home, "runs", "show", "last")
    await stop_daemon(home)
    tell("done; with an agent of yours: executus-gateway claude | codex | opencode")


def orders(service):
    """How many the service has taken."""
    return sum(request.method == "POST" for request in service.requests)


def main():
    """Run it in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(story, Path(folder))


main()
