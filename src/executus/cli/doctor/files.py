"""Files the set-up names: agents, MCP servers, the store."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from executus.batteries.stores import STORES_GROUP, open_store
from executus.cli.agents import AgentFile, agent_paths, read_agent
from executus.cli.doctor.finding import Finding, Patient
from executus.cli.doctor.names import fault_of_model
from executus.cli.servers import ServerEntry, read_servers
from executus.cli.setting import AGENTS_VARIABLE, MCP_VARIABLE
from executus.cli.storing import STORE_VARIABLE
from executus.definitionfile import DefinitionError
from executus.errors import SetupError
from executus.tools import default_registry
from majordomo.errors import MajordomoError

__all__ = ["examine_files"]

_SQLITE = "sqlite:///"
_MAGIC = b"SQLite format 3\0"


async def examine_files(patient: Patient) -> AsyncIterator[Finding]:
    """Look at the files; each fault is a finding of its own."""
    if folder := patient.get(AGENTS_VARIABLE):
        async for finding in _agents(patient, Path(folder)):
            yield finding
    if servers := patient.get(MCP_VARIABLE):
        for finding in _servers(Path(servers)):
            yield finding
    if store := patient.get(STORE_VARIABLE):
        async for finding in _store(store):
            yield finding


async def _agents(patient: Patient, folder: Path) -> AsyncIterator[Finding]:
    try:
        paths = agent_paths(folder)
    except SetupError:
        fix = f"set {AGENTS_VARIABLE} to the folder of your agents, or unset it"
        yield Finding(about=AGENTS_VARIABLE, says=f"{folder} is no folder", fix=fix)
        return
    for path in paths:
        try:
            file = read_agent(path)
            _check_tools(patient, file)
        except DefinitionError as error:
            where = f"{error.source}, line {error.line}"
            yield Finding(about=where, says=error.sentence, fix=f"mend line {error.line}")
        except MajordomoError as error:
            yield Finding(about=str(path), says=str(error), fix="make it readable, or remove it")
        else:
            model = file.agent.model
            says = await fault_of_model(patient, model) if isinstance(model, str) else ""
            if says:
                yield Finding(about=str(path), says=f"its model: {says}", fix="change its model")


def _check_tools(patient: Patient, file: AgentFile) -> None:
    if not patient.get(MCP_VARIABLE):  # else servers bring tools that are not asked for here
        file.require_tools(default_registry())


def _servers(path: Path) -> Iterator[Finding]:
    if find_spec("mcp") is None:
        says = "names MCP servers, and the extra that speaks to them is not installed"
        yield Finding(about=MCP_VARIABLE, says=says, fix="pip install 'executus[mcp]'")
    try:
        servers = read_servers(path)
    except MajordomoError as error:
        yield Finding(about=MCP_VARIABLE, says=str(error), fix=f"mend {path}, or unset it")
        return
    for name, entry in servers.items():
        yield from _command(path, name, entry)


def _command(path: Path, name: str, entry: ServerEntry) -> Iterator[Finding]:
    if entry.command and shutil.which(entry.command) is None:
        says = f"the program {entry.command!r} of the server {name!r} is not in PATH"
        yield Finding(about=str(path), says=says, fix="install it, or name it by its full path")


async def _store(url: str) -> AsyncIterator[Finding]:
    scheme = url.partition("://")[0]
    if scheme not in entry_points(group=STORES_GROUP).names:
        try:
            open_store(url)
        except MajordomoError as error:
            yield Finding(
                about=STORE_VARIABLE, says=str(error), fix=f"set {STORE_VARIABLE} to its URL"
            )
        return
    if url.startswith(_SQLITE):
        path = Path(unquote(url.removeprefix(_SQLITE)))
        finding = _file(path)
        if finding is not None:
            yield finding
            return
    try:
        async with open_store(url):
            pass
    except MajordomoError as error:
        yield Finding(about=STORE_VARIABLE, says=str(error), fix="do that, or name another file")


def _file(path: Path) -> Finding | None:
    """What is wrong with a store's file before it is opened; opening would make a missing one."""
    folder = path.parent
    if not folder.is_dir():
        says, fix = f"the folder {folder} is missing", f"mkdir -p {folder}"
    elif not path.exists():
        return Finding(
            about=STORE_VARIABLE,
            says=f"{path} is missing",
            fix="nothing to do: what first writes to it makes it",
            level="note",
        )
    elif not os.access(path, os.R_OK | os.W_OK) or not os.access(folder, os.W_OK):
        says, fix = f"{path} cannot be written to", f"chmod u+rw {path}, or name another file"
    elif path.is_dir() or not _is_database(path):
        says, fix = f"{path} is not a database", "name another file, or move this one away"
    else:
        return None
    return Finding(about=STORE_VARIABLE, says=says, fix=fix)


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    return head in (b"", _MAGIC)
