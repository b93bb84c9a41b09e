"""How each agent is told of the gateway, for one start of it and without touching its files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from executus_gateway.errors import Refused
from executus_gateway.sdk import DaemonAddress

__all__ = ["AGENTS", "Launch", "Launcher"]

NAME: Final = "executus"
TOKEN_VARIABLE: Final = "EXECUTUS_GATEWAY_AGENT_TOKEN"  # noqa: S105 - a name
LONGEST_CALL_S: Final = 3600
"""A call may wait for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a program is started.

    Attributes:
        options: Before the user's own arguments.
        variables: Added to the environment.
        files: Written first, mode 0600: path → text.
    """

    options: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[Path, str] = field(default_factory=dict[Path, str])


Launcher: TypeAlias = Callable[[DaemonAddress, Path, Mapping[str, str]], Launch]
"""From the daemon, the gateway's folder and the environment to how the agent is started."""


def _claude(daemon: DaemonAddress, home: Path, environment: Mapping[str, str]) -> Launch:
    """Claude Code: `--mcp-config` takes a file (code.claude.com/docs/en/mcp).

    A file because variables in `headers` are not replaced by all of its versions
    (anthropics/claude-code#51581), and arguments can be read by all users. With `=`, because the
    option takes several values otherwise, the prompt among them.
    """
    del environment
    server = {"type": "http", "url": _endpoint(daemon), "headers": _headers(daemon)}
    path = home / "agents" / "claude.json"
    return Launch(
        options=[f"--mcp-config={path}"],
        files={path: json.dumps({"mcpServers": {NAME: server}})},
    )


def _codex(daemon: DaemonAddress, home: Path, environment: Mapping[str, str]) -> Launch:
    """Codex: `-c` sets a value of its file, a token comes from a variable (openai/codex#4904)."""
    del home, environment
    table = f"mcp_servers.{NAME}"
    settings = {
        "url": json.dumps(_endpoint(daemon)),
        "bearer_token_env_var": json.dumps(TOKEN_VARIABLE),
        "tool_timeout_sec": str(LONGEST_CALL_S),
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{table}.{key}={value}")]
    return Launch(options=options, variables={TOKEN_VARIABLE: daemon.agent_token})


def _opencode(daemon: DaemonAddress, home: Path, environment: Mapping[str, str]) -> Launch:
    """opencode: `OPENCODE_CONFIG_CONTENT` goes over its files (opencode.ai/docs/config).

    `oauth` is off because it would else try that first and never send our header.
    """
    del home
    variable = "OPENCODE_CONFIG_CONTENT"
    config = _object(environment.get(variable, ""), variable)
    servers: dict[str, Any] = config.get("mcp") or {}
    server = {
        "type": "remote",
        "url": _endpoint(daemon),
        "headers": _headers(daemon),
        "oauth": False,
        "enabled": True,
    }
    merged = {**config, "mcp": {**servers, NAME: server}}
    return Launch(variables={variable: json.dumps(merged)})


def _endpoint(daemon: DaemonAddress) -> str:
    return f"{daemon.url}/mcp"


def _headers(daemon: DaemonAddress) -> dict[str, str]:
    return {"Authorization": f"Bearer {daemon.agent_token}"}


def _object(text: str, variable: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(text) if text else {}
    except ValueError as error:
        raise Refused(f"{variable} is set, but is no JSON: unset it, or mend it") from error
    if not isinstance(found, dict):
        raise Refused(f"{variable} is set, but is no JSON object: unset it, or mend it")
    return found  # pyright: ignore[reportUnknownVariableType] - JSON


AGENTS: Final[Mapping[str, Launcher]] = {
    "claude": _claude,
    "codex": _codex,
    "opencode": _opencode,
}
