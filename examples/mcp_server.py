"""An agent with the tools of an MCP server, here one in this process; nothing leaves the machine.

Needs the extra: pip install 'executus[mcp]'. Prints:

    The lamp is 12 EUR; there is no sofa.
"""

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from executus import Executor, RunnableAgent, ToolRegistry
from executus.tools.mcp import McpServer
from majordomo.providers.fake import FakeProvider, Reply

shop = MCPServer("shop", log_level="WARNING")
PRICES = {"lamp": 12, "desk": 80}


@shop.tool()
def price(article: str) -> str:
    """What an article costs."""
    if article not in PRICES:
        raise ToolError(f"there is no {article}; there are: {', '.join(PRICES)}")
    return f"{article}: {PRICES[article]} EUR"


async def main() -> None:
    """One run against the server; `stdio` and `http` differ in the line that makes the server."""
    provider = FakeProvider()
    provider.enqueue(
        "clerk",
        Reply(calls=[("shop__price", {"article": "lamp"}), ("shop__price", {"article": "sofa"})]),
        Reply(text="The lamp is 12 EUR; there is no sofa."),
    )
    agent = RunnableAgent(name="clerk", model=provider.model("clerk"), tools=["shop.*"])
    registry = ToolRegistry()
    async with McpServer.in_process(shop, name="shop") as server:
        await server.register(registry)
        result = await Executor(registry=registry).run(agent, "What do lamp and sofa cost?")
    result.raise_for_error()
    print(result.output)


if __name__ == "__main__":
    anyio.run(main)
