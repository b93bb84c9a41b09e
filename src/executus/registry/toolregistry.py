"""Tool registry: names of the form `toolset.tool`, offered by what is granted and seen."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from executus.errors import SetupError
from executus.identity import Caller
from executus.registry.denial import Denial, PermissionStage
from executus.registry.registeredtool import RegisteredTool, registered, wire_name
from executus.registry.toolpolicy import Effect, ToolPolicy, own_policy
from executus.registry.visibility import ROLES, Visibility
from majordomo.agent import as_tool
from majordomo.errors import did_you_mean
from majordomo.llm import Tool
from majordomo.skill import calc_skill, clock_skill

__all__ = ["PolicyOverride", "ToolRegistry", "default_registry"]

logger = logging.getLogger("executus.registry")

_TOOLSET = re.compile(r"[a-z][a-z0-9_]*")

PolicyOverride: TypeAlias = ToolPolicy | Callable[[ToolPolicy], ToolPolicy] | None
"""The host's word on tools it adds: a policy instead of their own, a function of their own, or
None to take them at their word."""


@dataclass(frozen=True, slots=True)
class _Book:
    """What is registered at one moment; never changed, only replaced.

    Attributes:
        tools: By name, in order.
        changing: Toolsets whose tools come and go (`set_toolset`).
    """

    tools: Mapping[str, RegisteredTool] = field(default_factory=dict[str, RegisteredTool])
    changing: frozenset[str] = frozenset()


class ToolRegistry:
    """Tools under `toolset.tool` names, in the order they were added.

    May be read while another thread changes it: a reader sees all of a change or nothing of it.

    Example:
        >>> from executus.identity import Caller
        >>> from executus.registry import default_registry
        >>> offered = default_registry().offer(["c*.*"], deny=["clock.*"], caller=Caller(id="ann"))
        >>> [(entry.name, entry.tool.name) for entry in offered]
        [('calc.calculate', 'calc__calculate')]
    """

    def __init__(self) -> None:
        self._book = _Book()
        self._changing = threading.Lock()

    def add(
        self,
        toolset: str,
        tools: Iterable[Tool | Callable[..., Any]],
        *,
        policy: PolicyOverride = None,
    ) -> None:
        """Add tools, or plain typed functions, under a toolset's name: all of them or none.

        Args:
            toolset: `[a-z][a-z0-9_]*` without `__`.
            tools: What to add.
            policy: For these tools instead of what they declare themselves (`@policy`): nothing of
                their own is kept, the secrets they name included. A function is given a tool's own
                policy and changes it: `lambda own: replace(own, roles=frozenset({"staff"}))`.

        Raises:
            SetupError: The toolset's name is not allowed, or a tool of that name, or one that a
                model or a reader could take for it (by case, or by the name on the wire), is there.
            ToolDefinitionError: A name is too long for a model once the toolset is before it.
        """
        made = _made(toolset, tools, policy)
        with self._changing:
            book = self._book
            self._book = _Book(_joined(book.tools.values(), made), book.changing)

    def set_toolset(
        self,
        toolset: str,
        tools: Iterable[Tool | Callable[..., Any]],
        *,
        policy: PolicyOverride = None,
    ) -> None:
        """Replace a toolset as a whole, at its place in the order; nothing changes on an error.

        For tools that come and go, such as those of a server: from now on a pattern that matches
        none of them is no error. Runs that have begun keep the tools they were offered.

        Raises:
            SetupError, ToolDefinitionError: As `add`.
        """
        made = _made(toolset, tools, policy)
        with self._changing:
            book = self._book
            before, after, known = _without(book, toolset)
            self._book = _Book(
                _joined((*before, *made, *after) if known else (*before, *after, *made), ()),
                book.changing | {toolset},
            )

    def remove_toolset(self, toolset: str) -> None:
        """Forget a toolset; nothing happens when there is none of that name."""
        with self._changing:
            book = self._book
            before, after, _ = _without(book, toolset)
            self._book = _Book(_joined((*before, *after), ()), book.changing - {toolset})

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(self._book.tools)

    def get(self, name: str) -> Tool:
        """The tool of that name, under the name a model sees.

        Raises:
            SetupError: There is none.
        """
        book = self._book
        if name not in book.tools:
            raise SetupError(_unknown(book, name))
        return book.tools[name].tool

    def find(self, name: str) -> RegisteredTool | None:
        """The tool of that name, or of that name on the wire, with its policy; None if unknown."""
        tools = self._book.tools
        if name in tools:
            return tools[name]
        return next((entry for entry in tools.values() if entry.tool.name == name), None)

    def match(self, patterns: Sequence[str]) -> tuple[str, ...]:
        """The names that match any glob, in registry order.

        Raises:
            SetupError: A pattern matches nothing, and is not for a toolset whose tools come and
                go: a grant nobody can use, or a denial of nothing, is a typing error.
        """
        return _matching(self._book, patterns)

    def offer(
        self,
        grants: Sequence[str],
        *,
        deny: Sequence[str] = (),
        caller: Caller,
        visibility: Visibility = ROLES,
    ) -> tuple[RegisteredTool, ...]:
        """The tools an agent may use for a caller, in registry order: stages 1 and 2.

        Args:
            grants: Globs over names; none grants nothing.
            deny: Globs over names; what they match is not offered, whatever grants it.
            caller: On whose behalf.
            visibility: Which tools the caller may know of; a failing one shows nothing.

        Raises:
            SetupError: As `match`, for grants and denials.
        """
        book = self._book
        granted = _matching(book, grants)
        denied = frozenset(_matching(book, deny))
        entries = (book.tools[name] for name in granted if name not in denied)
        return tuple(entry for entry in entries if _sees(visibility, caller, entry))

    def why_not(
        self,
        name: str,
        grants: Sequence[str],
        *,
        deny: Sequence[str] = (),
        caller: Caller,
        visibility: Visibility = ROLES,
    ) -> Denial | None:
        """Why `offer` with the same arguments leaves a tool out.

        Args:
            name: Its registered name, or its name on the wire.
            grants: As for `offer`; a pattern that matches nothing is no error here.
            deny: As for `offer`.
            caller: As for `offer`.
            visibility: As for `offer`.

        Returns:
            The stage and the reason; None when it is offered, or when there is no such tool.
        """
        entry = self.find(name)
        if entry is None:
            return None
        stage, reason = PermissionStage.GRANT, ""
        if not _sees(visibility, caller, entry):
            roles = ", ".join(sorted(entry.policy.roles))
            stage = PermissionStage.VISIBILITY
            reason = f"caller {caller.id!r} may not see it" + (
                f" (roles: {roles})" if roles else ""
            )
        elif pattern := _first(deny, entry.name):
            reason = f"this agent's deny list excludes it ({pattern})"
        elif not _first(grants, entry.name):
            reason = "this agent was not granted it"
        return Denial(name=entry.name, stage=stage, reason=reason) if reason else None


def _made(
    toolset: str, tools: Iterable[Tool | Callable[..., Any]], override: PolicyOverride
) -> tuple[RegisteredTool, ...]:
    if not _TOOLSET.fullmatch(toolset) or "__" in toolset:
        raise SetupError(f"toolset name {toolset!r}: use lower-case letters, digits and single _")
    if isinstance(tools, Tool) or callable(tools):
        raise SetupError(f"the tools of {toolset!r} are a list, such as [search], not one tool")
    return tuple(
        registered(f"{toolset}.{tool.name}", tool, _policy(tool, override))
        for tool in map(as_tool, tools)
    )


def _policy(tool: Tool, override: PolicyOverride) -> ToolPolicy:
    match override:
        case None:
            return own_policy(tool)
        case ToolPolicy():
            return override
        case _:
            return override(own_policy(tool))


def _joined(
    old: Iterable[RegisteredTool], new: Iterable[RegisteredTool]
) -> Mapping[str, RegisteredTool]:
    """Both, in order, if no two names could be taken for each other."""
    tools: dict[str, RegisteredTool] = {}
    taken: dict[str, str] = {}
    for entry in (*old, *new):
        key = wire_name(entry.name).lower()
        if entry.name in tools:
            raise SetupError(f"tool {entry.name!r} is there; set_toolset replaces a toolset")
        if key in taken:
            raise SetupError(f"tool {entry.name!r} collides with {taken[key]!r}; rename one")
        taken[key] = entry.name
        tools[entry.name] = entry
    return tools


def _without(
    book: _Book, toolset: str
) -> tuple[tuple[RegisteredTool, ...], tuple[RegisteredTool, ...], bool]:
    """What stands before a toolset and what comes after it, and whether it is there."""
    entries = tuple(book.tools.values())
    places = [place for place, entry in enumerate(entries) if entry.toolset == toolset]
    first = places[0] if places else len(entries)
    after = (entry for entry in entries[first:] if entry.toolset != toolset)
    return entries[:first], tuple(after), bool(places)


def _matching(book: _Book, patterns: Sequence[str]) -> tuple[str, ...]:
    if isinstance(patterns, str):
        raise SetupError(f"tools are a list of patterns, such as [{patterns!r}], not one text")
    for pattern in patterns:
        comes_and_goes = pattern.partition(".")[0] in book.changing
        if not comes_and_goes and not any(fnmatchcase(name, pattern) for name in book.tools):
            raise SetupError(_unknown(book, pattern))
    return tuple(name for name in book.tools if _first(patterns, name))


def _first(patterns: Sequence[str], name: str) -> str | None:
    return next((pattern for pattern in patterns if fnmatchcase(name, pattern)), None)


def _sees(visibility: Visibility, caller: Caller, entry: RegisteredTool) -> bool:
    try:
        return bool(visibility.sees(caller, entry))
    except Exception:
        logger.exception("visibility failed on %s, so it was not offered", entry.name)
        return False


def _unknown(book: _Book, name: str) -> str:
    toolsets = {f"{known.split('.')[0]}.*" for known in book.tools}
    hint = did_you_mean(name, [*book.tools, *toolsets])
    if hint:
        return f"no tool matches {name!r}{hint}"
    return f"no tool matches {name!r}; registered: {', '.join(book.tools) or 'none'}"


SHORT_READ = ToolPolicy(effect=Effect.READ, idempotent=True, keep_overflow=False)


def default_registry() -> ToolRegistry:
    """The toolsets every executor has: `clock` and `calc`."""
    registry = ToolRegistry()
    registry.add("clock", clock_skill().tools, policy=SHORT_READ)
    registry.add("calc", calc_skill().tools, policy=SHORT_READ)
    return registry
