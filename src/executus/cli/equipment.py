"""The executor of the command line: its tools, agents, prices, store, and who is asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from executus.batteries.prices import OfflinePrices
from executus.cli.agents import AgentFile, agents_folder, find_agent, read_agents
from executus.cli.asked import Asked
from executus.cli.asking import TerminalAsker
from executus.cli.reading import LineReader, is_typed
from executus.cli.servers import make_server, read_servers
from executus.cli.setting import Setting
from executus.cli.storing import recording
from executus.deliver import DISCARD
from executus.money import NO_PRICES, PriceSource
from executus.registry import AskFor, Effect, ToolRegistry
from executus.run import Executor, RunnableAgent
from executus.tools import comms_tools, default_registry
from majordomo.errors import MissingExtra

__all__ = ["AGENT", "Equipment", "asker_for", "equipped", "open_registry"]

AGENT = "cli"
"""Name of the agent that no file defines."""

_NO_INPUT = "no one can answer: --no-input was given"
_NOT_TYPED = "no one can answer: standard input is no terminal (--yes approves calls)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What runs are made with.

    Attributes:
        executor: Makes them.
        asker: Answers their questions.
        file: The agent's file, when one was named.
        setting: What the options say.
    """

    executor: Executor
    asker: TerminalAsker
    file: AgentFile | None
    setting: Setting

    @property
    def agent(self) -> RunnableAgent:
        """The agent that was named, or one that is nothing yet."""
        return RunnableAgent(name=AGENT) if self.file is None else self.file.agent

    def metadata(self, agent: RunnableAgent) -> dict[str, Any]:
        """What a run's metadata say, so that it can be resumed: what was asked for."""
        file = "" if self.file is None else self.file.definition.source
        return Asked.over(self.agent, agent, file=file, setting=self.setting).as_metadata()


@asynccontextmanager
async def equipped(
    setting: Setting, *, lines: LineReader | None = None
) -> AsyncGenerator[Equipment]:
    """What the options ask for; MCP servers and the store live as long as the block.

    Args:
        setting: The options.
        lines: Where a person's answers are read, when somebody else reads there, too.

    Raises:
        SetupError: An agent or a server's file cannot be read, or no store is installed for the
            URL.
        ExecutusError: The store cannot be opened.
        McpUnavailable: A server does not answer.
    """
    folder = agents_folder()
    others = () if folder is None else read_agents(folder).values()
    file = find_agent(setting.agent, folder) if setting.agent else None
    async with recording(setting.store) as ports, open_registry(setting.mcp) as registry:
        if file is not None:
            file.require_tools(registry)
        asker = asker_for(setting, lines)
        executor = Executor(
            registry=registry,
            agents=[one.agent for one in others],
            policy=_policy(setting.ask),
            ports=replace(ports, prices=_prices(), ask=asker),
        )
        yield Equipment(executor=executor, asker=asker, file=file, setting=setting)


def asker_for(setting: Setting, lines: LineReader | None) -> TerminalAsker:
    """Who answers: the person at the terminal, or what the options say."""
    why_nobody = _NO_INPUT if setting.no_input else _NOT_TYPED
    typed = is_typed() and not setting.no_input
    reader = lines or LineReader(is_terminal=True)
    return TerminalAsker(reader if typed else None, agrees=setting.yes, why_nobody=why_nobody)


@asynccontextmanager
async def open_registry(mcp: Path | None) -> AsyncGenerator[ToolRegistry]:
    """The tools an agent of the command line can be granted: the generic ones and the servers'.

    Raises:
        SetupError: The servers' file cannot be read.
        McpUnavailable: A server does not answer.
    """
    registry = default_registry()
    # The command has a person who can be asked; it sends no messages.
    registry.add("comms", [one for one in comms_tools(DISCARD) if one.name == "ask_user"])
    async with AsyncExitStack() as stack:
        for name, entry in () if mcp is None else read_servers(mcp).items():
            server = await stack.enter_async_context(make_server(name, entry))
            await server.register(registry)
        yield registry


def _policy(ask: Sequence[str]) -> AskFor:
    effects = [one for one in ask if one in set(Effect)]
    return AskFor(effects=effects, tools=[one for one in ask if one not in effects])


def _prices() -> PriceSource:
    try:
        return OfflinePrices()
    except MissingExtra:
        return NO_PRICES
