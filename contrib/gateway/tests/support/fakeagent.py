"""Stands for an agent: reads what it was given as that agent would, connects, says what it saw.

Run as `claude`, `codex` or `opencode`; `--wait` waits for a signal, `--exit N` ends with N.
"""

import argparse
import json
import os
import signal
import sys
import tomllib
from pathlib import Path

import anyio
from mcpclient import mcp_client


def claude(known):
    """`--mcp-config` takes several values, as its real one does: only `=` keeps the prompt out."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--mcp-config", nargs="+")
    found, rest = parser.parse_known_args(known)
    config = json.loads(Path(found.mcp_config[0]).read_text())
    (server,) = config["mcpServers"].values()
    assert server["type"] == "http"
    return server["url"], server["headers"]["Authorization"], rest


def codex(known):
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-c", action="append")
    found, rest = parser.parse_known_args(known)
    config = tomllib.loads("\n".join(found.c))
    (server,) = config["mcp_servers"].values()
    assert server["tool_timeout_sec"] >= 600
    return server["url"], f"Bearer {os.environ[server['bearer_token_env_var']]}", rest


def opencode(known):
    config = json.loads(os.environ["OPENCODE_CONFIG_CONTENT"])
    server = config["mcp"]["executus"]
    assert (server["type"], server["oauth"]) == ("remote", False)
    told = {"theme": config.get("theme"), "others": sorted(config["mcp"])}
    Path(os.environ["SEEN"] + ".config").write_text(json.dumps(told))
    return server["url"], server["headers"]["Authorization"], known


async def use(url, authorization):
    token = authorization.removeprefix("Bearer ")
    async with mcp_client(url, token) as client:
        result = await client.call_tool("execute", {"code": "return 6 * 7"})
    return result.content[0].text


def main():
    name = Path(sys.argv[0]).name
    url, authorization, rest = {"claude": claude, "codex": codex, "opencode": opencode}[name](
        sys.argv[1:]
    )
    seen = {"args": rest, "argv": sys.argv, "answer": anyio.run(use, url, authorization)}
    Path(os.environ["SEEN"]).write_text(json.dumps(seen))
    if "--wait" in rest:
        print("waiting", flush=True)
        signal.pause()
    return int(rest[rest.index("--exit") + 1]) if "--exit" in rest else 0


sys.exit(main())
