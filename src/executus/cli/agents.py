"""Agents from files: one by its path, or by its name in a folder; faults name file and line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from executus.batteries.persona import parse_persona
from executus.cli.setting import AGENTS_VARIABLE
from executus.definitionfile import DefinitionError, DefinitionFile, parse_definition
from executus.errors import SetupError
from executus.registry import ToolRegistry
from executus.run import RunnableAgent
from majordomo.errors import did_you_mean

__all__ = ["AgentFile", "agent_paths", "agents_folder", "find_agent", "read_agent", "read_agents"]

ENDINGS = (".md", ".toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFile:
    """An agent, and the file that defines it."""

    agent: RunnableAgent
    definition: DefinitionFile

    def require_tools(self, registry: ToolRegistry) -> None:
        """Refuse grants and denials that match no tool.

        Raises:
            DefinitionError: One does; file and line are named.
        """
        for key, patterns in (("tools", self.agent.tools), ("deny", self.agent.deny)):
            try:
                registry.match([one for one in patterns if isinstance(one, str)])
            except SetupError as error:
                raise self.definition.wrong(key, str(error)) from None


def agents_folder() -> Path | None:
    """The folder of `EXECUTUS_AGENTS`; None when that is not set."""
    said = os.environ.get(AGENTS_VARIABLE, "").strip()
    return Path(said) if said else None


def find_agent(name: str, folder: Path | None) -> AgentFile:
    """The agent a path or a name means.

    Raises:
        SetupError: There is none, or its file cannot be read.
    """
    if name.endswith(ENDINGS) or os.sep in name:
        return read_agent(Path(name))
    if folder is None:
        raise SetupError(
            f"no agent {name!r}: name its file (.md or .toml), or set {AGENTS_VARIABLE} to the "
            "folder of your agents"
        )
    known = read_agents(folder)
    if name not in known:
        hint = did_you_mean(name, known)
        raise SetupError(f"no agent {name!r} in {folder}{hint}; there: {', '.join(known) or '-'}")
    return known[name]


def read_agents(folder: Path) -> Mapping[str, AgentFile]:
    """The agents of a folder, by name; `README.md` is none.

    Raises:
        SetupError: The folder or a file cannot be read, or two agents have the same name.
    """
    known: dict[str, AgentFile] = {}
    for path in agent_paths(folder):
        found = read_agent(path)
        if found.agent.name in known:
            raise found.definition.wrong("name", f"another file defines {found.agent.name!r} too")
        known[found.agent.name] = found
    return known


def agent_paths(folder: Path) -> Sequence[Path]:
    """The files of a folder that define agents, by name.

    Raises:
        SetupError: It is no folder, or cannot be read.
    """
    try:
        paths = [path for path in folder.iterdir() if path.suffix in ENDINGS]
    except OSError as error:
        raise SetupError(f"{folder}: {error.strerror}; set {AGENTS_VARIABLE} to a folder") from None
    return sorted(path for path in paths if path.name != "README.md")


def read_agent(path: Path) -> AgentFile:
    """The agent of a file.

    Raises:
        SetupError: It cannot be read; file and line are named.
    """
    source = str(path)
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DefinitionError(source, line, "is not UTF-8 text") from error
    except OSError as error:
        raise SetupError(f"{source}: {error.strerror}; name an agent's file") from None
    definition = parse_definition(text, source)
    try:
        agent = parse_persona(text, source).to_runnable()
    except DefinitionError:
        raise
    except SetupError:
        raise definition.wrong(
            "skills", "skills are code, which only a program can give; name tools instead"
        ) from None
    return AgentFile(agent=agent, definition=definition)
