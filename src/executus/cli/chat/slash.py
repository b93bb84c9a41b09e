"""The commands of a conversation: lines that begin with a slash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from executus.cli.chat.conversation import Conversation
from executus.cli.output import tell
from executus.cli.run import require_access
from executus.errors import SetupError
from executus.registry import ToolRegistry
from majordomo.errors import did_you_mean
from majordomo.llm import dump_messages, load_messages

__all__ = ["COMMANDS", "Slash", "obey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slash:
    """What a command works on."""

    conversation: Conversation
    registry: ToolRegistry


Obey: TypeAlias = Callable[[Slash, str], Awaitable[None]]


async def obey(slash: Slash, line: str) -> bool:
    """Do what a line says.

    Returns:
        Whether the conversation goes on.

    Raises:
        MajordomoError: It cannot be done; the sentence says why.
    """
    name, _, argument = line.partition(" ")
    if name == "/quit":
        return False
    if name not in COMMANDS:
        hint = did_you_mean(name, COMMANDS)
        raise SetupError(f"no command {name!r}{hint}; /help lists them, // begins a text with /")
    await COMMANDS[name][1](slash, argument.strip())
    return True


async def _help(slash: Slash, argument: str) -> None:
    del slash, argument
    for name, (what, _) in COMMANDS.items():
        tell(f"{name:<8} {what}")
    tell('""" begins a message of several lines, and """ ends it. // is a text that begins with /.')


async def _clear(slash: Slash, argument: str) -> None:
    del argument
    slash.conversation.messages = ()
    tell("forgotten")


async def _model(slash: Slash, argument: str) -> None:
    conversation = slash.conversation
    if argument:
        await require_access(argument)
        conversation.agent = replace(conversation.agent, model=argument)
    tell(f"model: {conversation.require_model()}")


async def _tools(slash: Slash, argument: str) -> None:
    conversation = slash.conversation
    if argument:
        patterns = () if argument == "none" else tuple(argument.split())
        slash.registry.match(patterns)
        conversation.agent = replace(conversation.agent, tools=patterns)
    patterns = [one for one in conversation.agent.tools if isinstance(one, str)]
    tell(f"tools: {', '.join(slash.registry.match(patterns)) or 'none'}")


async def _usage(slash: Slash, argument: str) -> None:
    del argument
    conversation = slash.conversation
    usage = conversation.usage
    known = [
        "?" if count is None else str(count)
        for count in ((0, 0) if usage.requests == 0 else (usage.input, usage.output))
    ]
    costs = "".join(f", {cost}" for cost in conversation.costs.values())
    tell(f"{conversation.turns} turns, {known[0]} tokens in, {known[1]} out{costs}")


async def _save(slash: Slash, argument: str) -> None:
    path = _path(argument)
    try:
        path.write_text(dump_messages(slash.conversation.messages), encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}") from None
    tell(f"saved {len(slash.conversation.messages)} messages")


async def _load(slash: Slash, argument: str) -> None:
    path = _path(argument)
    try:
        slash.conversation.messages = tuple(load_messages(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SetupError(f"{path} is no saved conversation") from None
    tell(f"loaded {len(slash.conversation.messages)} messages")


def _path(argument: str) -> Path:
    if not argument:
        raise SetupError("name a file, as in /save talk.json")
    try:
        return Path(argument).expanduser()
    except RuntimeError:  # the home of nobody
        raise SetupError(f"{argument}: there is no such home") from None


async def _quit(slash: Slash, argument: str) -> None:
    del slash, argument


COMMANDS: Mapping[str, tuple[str, Obey]] = {
    "/help": ("list these", _help),
    "/quit": ("end the conversation; so does Ctrl-D", _quit),
    "/clear": ("forget what has been said", _clear),
    "/model": ("say which model answers, or change it: /model fast", _model),
    "/tools": (
        "say which tools are granted, or change them: /tools calc.* web.* (or none)",
        _tools,
    ),
    "/save": ("write the conversation to a file: /save talk.json", _save),
    "/load": ("go on with a saved one: /load talk.json", _load),
    "/usage": ("tokens and cost so far", _usage),
}
