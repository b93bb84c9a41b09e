"""The agents themselves, from npm, with an empty home and no login: they take what a launcher says.

`make gateway-agents` installs them. What they talk to besides is on loopback.
"""

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from executus.testing import AnthropicServer, OpenAIServer, ResponsesServer, Turn

BIN = Path(__file__).parents[2] / ".agents" / "node_modules" / ".bin"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not BIN.exists() or shutil.which("node") is None,
        reason="no real agent was started: make gateway-agents installs them (needs npm, 1 GB)",
    ),
]


@pytest.fixture
def launch(served, tmp_path):
    """Start an agent by the command; gives what it wrote to standard output."""
    home = tmp_path / "user"
    home.mkdir()
    inherited = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}

    async def launched(*arguments, **variables):
        environment = {
            **inherited,
            "HOME": str(home),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "EXECUTUS_GATEWAY_HOME": str(served),
            **variables,
        }
        command = [sys.executable, "-m", "executus_gateway.cli", *arguments]
        ended = await anyio.run_process(command, env=environment, cwd=home, check=False)
        return ended.stdout.decode()

    return launched


def scripted(vendor, tool):
    """A vendor's endpoint whose model calls a tool, then says what it is; deaf to `?beta=true`."""

    class Model(vendor):
        def respond(self, request):
            return super().respond(replace(request, path=request.path.partition("?")[0]))

    return Model([Turn.calls((tool, {"code": "return 6 * 7"})), Turn.text("It is 42.")])


async def test_codex_knows_the_endpoint_its_token_and_how_long_a_call_may_take(launch):
    told = await launch("codex", "mcp", "get", "executus")
    assert "enabled: true" in told
    assert "transport: streamable_http" in told
    assert "bearer_token_env_var: EXECUTUS_GATEWAY_AGENT_TOKEN" in told
    assert "tool_timeout_sec: 3600" in told


async def test_codex_offers_the_tool_to_its_model(launch):
    async with scripted(ResponsesServer, "not_called") as model:
        provider = f'{{name="test",base_url="{model.base_url}",wire_api="responses",env_key="KEY"}}'
        await launch(
            *("codex", "exec", "--skip-git-repo-check", "-m", "gpt-5", "What is 6 times 7?"),
            *("-c", f"model_providers.test={provider}", "-c", "model_provider=test"),
            KEY="none",
        )
        offered = json.dumps(model.requests[0].json["tools"])
    assert "mcp__executus" in offered
    assert "Run Python in a sandbox" in offered


async def test_opencode_calls_the_tool(launch):
    async with scripted(OpenAIServer, "executus_execute") as model:
        options = {"baseURL": model.base_url, "apiKey": "none"}
        provider = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {"m": {}}}
        await launch(
            *("opencode", "run", "--model", "test/m", "What is 6 times 7?"),
            OPENCODE_CONFIG_CONTENT=json.dumps({"provider": {"test": provider}}),
        )
        last = model.requests[-1].json["messages"][-1]
    assert (last["role"], last["content"]) == ("tool", "42")


async def test_claude_calls_the_tool(launch):
    async with scripted(AnthropicServer, "mcp__executus__execute") as model:
        told = await launch(
            *("claude", "-p", "What is 6 times 7?", "--allowedTools", "mcp__executus__execute"),
            *("--output-format", "stream-json", "--verbose", "--model", "claude-sonnet-4-5"),
            ANTHROPIC_API_KEY="none",
            ANTHROPIC_BASE_URL=model.base_url,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
            DISABLE_TELEMETRY="1",
        )
        (result,) = model.requests[-1].json["messages"][-1]["content"][:1]
    begun = next(json.loads(line) for line in told.splitlines() if '"subtype":"init"' in line)
    assert begun["mcp_servers"] == [{"name": "executus", "status": "connected"}]
    assert result["type"] == "tool_result"
    assert json.dumps(result["content"]).count("42") == 1
