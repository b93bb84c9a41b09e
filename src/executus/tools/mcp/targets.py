"""Where an MCP server is: a command, an address, or an object in this process."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from executus.egress import Egress

__all__ = ["HttpTarget", "InProcessTarget", "StdioTarget", "Target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StdioTarget:
    """A process that speaks over its standard streams.

    Attributes:
        command: Program; looked up in PATH.
        args: Its arguments.
        env: Its environment, beside HOME and PATH of ours; may hold secrets.
        cwd: Its working directory; ours by default.
    """

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    cwd: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTarget:
    """A streamable HTTP endpoint: the host's own choice, or one that the egress guard judges.

    Attributes:
        url: The endpoint.
        headers: Sent with each request; may hold secrets.
        tls: Whom to trust, for an authority of the host's own; the usual ones by default.
        guard: Judges and pins every connection, for an address that is not the host's choice; none
            for one that is (ADR 0126).
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    tls: ssl.SSLContext | None = None
    guard: Egress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InProcessTarget:
    """A server object of the SDK (`mcp.server.MCPServer` or its low-level one)."""

    server: object


Target: TypeAlias = StdioTarget | HttpTarget | InProcessTarget
