"""What a command was asked, as the metadata of its runs keep it: so a run can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from executus.cli.setting import Setting
from executus.run import RunnableAgent

__all__ = ["REQUEST_KEY", "Asked"]

REQUEST_KEY = "executus.cli"
"""Under which a run's metadata say what the command line asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for over an agent; what is None is the agent's own.

    Attributes:
        agent: The file of the agent, as an absolute path; empty for none.
        mcp: The file of the servers, likewise.
        ask: Which calls are asked about.
    """

    model: str | None = None
    tools: tuple[str, ...] | None = None
    instructions: str | None = None
    agent: str = ""
    mcp: str = ""
    ask: tuple[str, ...] = ()

    @classmethod
    def over(
        cls, base: RunnableAgent, agent: RunnableAgent, *, file: str, setting: Setting
    ) -> Asked:
        """What makes an agent of the command line differ from the one it began as.

        Args:
            base: As its file defines it, or one that is nothing yet.
            agent: As it runs.
            file: That file; empty for none.
            setting: The options.
        """
        model, tools = agent.model, [one for one in agent.tools if isinstance(one, str)]
        is_same = agent.instructions == base.instructions
        return cls(
            model=model if isinstance(model, str) and model != base.model else None,
            tools=None if tuple(agent.tools) == tuple(base.tools) else tuple(tools),
            instructions=None if is_same else agent.instructions,
            agent=str(Path(file).absolute()) if file else "",
            mcp=str(setting.mcp.absolute()) if setting.mcp else "",
            ask=setting.ask,
        )

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Asked | None:
        """What a run's metadata say; None for the run of another program."""
        said: Mapping[str, Any] = metadata.get(REQUEST_KEY, {})
        try:
            tools = said["tools"]
            return cls(
                model=said["model"],
                tools=None if tools is None else tuple(tools),
                instructions=said["instructions"],
                agent=said["agent"],
                mcp=said["mcp"],
                ask=tuple(said["ask"]),
            )
        except (KeyError, TypeError):
            return None

    def as_metadata(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            REQUEST_KEY: {
                "model": self.model,
                "tools": None if self.tools is None else list(self.tools),
                "instructions": self.instructions,
                "agent": self.agent,
                "mcp": self.mcp,
                "ask": list(self.ask),
            }
        }

    def apply(self, base: RunnableAgent) -> RunnableAgent:
        """The agent that was asked for."""
        own = base.instructions if self.instructions is None else self.instructions
        return replace(
            base,
            model=self.model or base.model,
            tools=base.tools if self.tools is None else self.tools,
            instructions=own,
        )

    def setting(self, answers: Setting) -> Setting:
        """The options the run began with; what is said about answers and the store is new.

        Args:
            answers: Its `ask` goes over what was asked for, when it says something.
        """
        mcp = Path(self.mcp) if self.mcp else None
        return replace(answers, agent=self.agent, mcp=mcp, ask=answers.ask or self.ask)
