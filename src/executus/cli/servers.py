"""MCP servers named in a JSON file, in the form that other programs use: `mcpServers`.

{"mcpServers": {"files": {"command": "npx", "args": ["-y", "some-server"], "env": {}},
"wiki": {"url": "https://wiki.test/mcp", "headers": {}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from executus.errors import SetupError
from executus.tools.mcp import McpServer

__all__ = ["ServerEntry", "make_server", "read_servers"]


class ServerEntry(BaseModel):
    """One server: a command, or an address."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = Field(default_factory=dict[str, str], repr=False)
    cwd: str | None = None
    url: str = Field(default="", repr=False)
    headers: Mapping[str, str] = Field(default_factory=dict[str, str], repr=False)


class _File(BaseModel):
    servers: Annotated[dict[str, ServerEntry], Field(alias="mcpServers")]


def read_servers(path: Path) -> Mapping[str, ServerEntry]:
    """The servers a file names, by the name of their toolset.

    Raises:
        SetupError: It cannot be read; the sentence names the place, and never a value.
    """
    try:
        servers = _File.model_validate_json(path.read_bytes()).servers
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}; name a JSON file of MCP servers") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise SetupError(f"{path}: {where + ': ' if where else ''}{first['msg']}") from None
    for name, entry in servers.items():
        if bool(entry.command) == bool(entry.url):
            raise SetupError(f"{path}: {name}: give either a command or a url")
    return servers


def make_server(name: str, entry: ServerEntry) -> McpServer:
    """The server; its block connects.

    Raises:
        MissingExtra: The extra `mcp` is not installed.
    """
    if entry.url:
        return McpServer.http(entry.url, name=name, headers=entry.headers)
    return McpServer.stdio(entry.command, entry.args, name=name, env=entry.env, cwd=entry.cwd)
