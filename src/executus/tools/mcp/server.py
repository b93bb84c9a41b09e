"""An MCP server as a toolset: a block in which its tools are registered and kept current."""

from __future__ import annotations

import importlib
import logging
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from executus.errors import SetupError
from executus.registry import PolicyOverride, ToolRegistry, wire_name
from executus.tools.mcp.connection import Connection
from executus.tools.mcp.errors import McpError
from executus.tools.mcp.offers import Offer, offers_of
from executus.tools.mcp.results import read_result
from executus.tools.mcp.secrets import scrubber_of, secrets_of
from executus.tools.mcp.session import OpenSession
from executus.tools.mcp.targets import HttpTarget, InProcessTarget, StdioTarget, Target
from executus.tools.mcp.toolset import make_tools
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import MajordomoError, MissingExtra
from majordomo.llm import Tool, ToolResultPart

__all__ = ["McpServer"]

logger = logging.getLogger("executus.tools.mcp")


class McpServer:
    """One server and one session, for all runs inside its block; a run may have its own block.

    Entering connects and fails when that fails. Later outages are `is_error` results, and the next
    call connects anew, at most once in a pause that doubles up to a minute. Leaving the block takes
    the tools out of the registries and ends the server's process; runs that go on get errors.

    Args:
        name: The toolset's name, `[a-z][a-z0-9_]*`; tools are `name.tool`.
        open_session: How to connect; `stdio`, `http` and `in_process` bring the SDK's.
        trust_hints: Believe `readOnlyHint` and `idempotentHint`. A server can lie in them.
        call_timeout_s: Seconds a call may take.
        connect_timeout_s: Seconds until the server must have listed its tools.
        clock: Limits and spaces attempts.
        secrets: Values to take out of results, errors and log lines, by what they are called;
            `stdio` and `http` know those of the environment, the headers and the address.
    """

    def __init__(
        self,
        name: str,
        open_session: OpenSession,
        *,
        trust_hints: bool = False,
        call_timeout_s: float = 60.0,
        connect_timeout_s: float = 30.0,
        clock: Clock = SYSTEM_CLOCK,
        secrets: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.name = name
        self._scrub = scrubber_of(secrets).scrub
        self._trust_hints = trust_hints
        self._call_timeout_s = call_timeout_s
        self._offers: Mapping[str, Offer] = {}
        self._registries: list[tuple[ToolRegistry, PolicyOverride]] = []
        self._connection = Connection(
            name,
            open_session,
            self._renew,
            clock=clock,
            connect_timeout_s=connect_timeout_s,
            scrub=self._scrub,
        )

    @classmethod
    def stdio(
        cls,
        command: str,
        args: Sequence[str] = (),
        *,
        name: str,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        **options: Any,
    ) -> Self:
        """A server that is a process of ours. `options` as for the class.

        Raises:
            MissingExtra: The extra `mcp` is not installed.
        """
        target = StdioTarget(command=command, args=tuple(args), env=env or {}, cwd=cwd)
        return cls._at(name, target, options)

    @classmethod
    def http(
        cls,
        url: str,
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        **options: Any,
    ) -> Self:
        """A server at an address of the host's choice. `options` as for the class.

        Raises:
            MissingExtra: The extra `mcp` is not installed.
        """
        return cls._at(name, HttpTarget(url=url, headers=headers or {}, tls=tls), options)

    @classmethod
    def in_process(cls, server: object, *, name: str, **options: Any) -> Self:
        """A server object of the SDK in this process. `options` as for the class.

        Raises:
            MissingExtra: The extra `mcp` is not installed.
            SetupError: It is no server object of the SDK.
        """
        return cls._at(name, InProcessTarget(server=server), options)

    @classmethod
    def _at(cls, name: str, target: Target, options: Mapping[str, Any]) -> Self:
        clock = options.get("clock", SYSTEM_CLOCK)
        secrets = (*secrets_of(target), *options.get("secrets", ()))
        made: dict[str, Any] = {**options, "secrets": secrets}
        return cls(name, _opener(name, target, clock), **made)

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        try:
            await self._connection.connect()
        except BaseException as error:
            await self._connection.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for registry, _ in self._registries:
            registry.remove_toolset(self.name)
        self._registries.clear()
        await self._connection.__aexit__(exc_type, exc, traceback)

    async def register(self, registry: ToolRegistry, *, policy: PolicyOverride = None) -> None:
        """Add the server's tools to a registry, and follow the server's changes from now on.

        Args:
            registry: Where to.
            policy: The host's word on these tools, as for `ToolRegistry.add`.

        Raises:
            SetupError: The registry has a toolset of that name, or the name is not allowed.
            McpUnavailable: The server is gone.
        """
        if any(known.startswith(f"{self.name}.") for known in registry.names):
            raise SetupError(
                f"the registry has a toolset {self.name!r} already; "
                "give this MCP server another name"
            )
        await self._connection.connect()
        self._fill(registry, policy)
        self._registries.append((registry, policy))

    def tools(self) -> tuple[Tool, ...]:
        """The tools as they are now, named as on the wire, for an agent's own list.

        For a session of its own per run: a block around the run, and these tools for its agent.
        There are none before the block is entered.
        """
        return tuple(
            replace(tool, name=wire_name(f"{self.name}.{tool.name}")) for tool in self._made()
        )

    async def _renew(self, listed: Sequence[Mapping[str, Any]]) -> None:
        self._offers = offers_of(listed, self.name)
        for registry, policy in self._registries:
            try:
                self._fill(registry, policy)
            except MajordomoError as error:
                logger.warning("the tools of %r were not renewed: %s", self.name, error)

    def _fill(self, registry: ToolRegistry, policy: PolicyOverride) -> None:
        registry.set_toolset(self.name, self._made(), policy=policy)

    def _made(self) -> tuple[Tool, ...]:
        return make_tools(
            self._offers,
            self._call,
            toolset=self.name,
            trust_hints=self._trust_hints,
            timeout_s=self._call_timeout_s,
        )

    async def _call(self, offer: Offer, arguments: Mapping[str, Any]) -> ToolResultPart:
        await self._connection.connect()
        if self._offers.get(offer.name) != offer:
            # What was granted, and perhaps approved, is not what would be called.
            raise McpError(
                f"the MCP server {self.name!r} has changed or withdrawn its tool {offer.name!r} "
                "since this run began; it was not called, do without it"
            )
        try:
            result = await self._connection.call(offer.name, arguments)
        except McpError as error:
            told = self._scrub(str(error))
            raise type(error)(told, status=error.status, challenge=error.challenge) from None
        return read_result(result, self._scrub)


def _opener(name: str, target: Target, clock: Clock) -> OpenSession:
    try:
        adapter = importlib.import_module("executus.tools.mcp.sdk")
    except ImportError as error:
        raise MissingExtra("an MCP server", extra="mcp") from error
    return adapter.opener(name, target, clock)
