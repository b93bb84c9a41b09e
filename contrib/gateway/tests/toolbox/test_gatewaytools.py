"""The gateway as a tool of an agent of the harness."""

from executus_gateway.sdk import Client
from executus_gateway.toolbox import gateway_tools

from executus.registry import ToolRegistry


async def test_an_agent_runs_code_in_the_gateway(home):
    async with await Client.create(folder=home) as client:
        registry = ToolRegistry()
        registry.add("gateway", gateway_tools(client))
        names = list(registry.names)
    assert names == ["gateway.execute"]


async def test_the_tool_tells_values_prints_and_failures(home):
    async with await Client.create(folder=home) as client:
        (execute,) = gateway_tools(client)
        good = await execute("print('p')\nreturn {'a': 1}")
        bad = await execute("raise ValueError('no')")
    assert good == '{"a":1}\n[printed]\np\n'
    assert "ValueError: no" in bad
