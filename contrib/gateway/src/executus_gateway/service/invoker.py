"""One call's way: find the tool, check its arguments, judge it, and, when all agree, send it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from executus_gateway.domain import (
    Found,
    Handle,
    Ledger,
    MisfitArguments,
    arguments_digest,
    bind,
    changed_files,
    check,
    decide,
    given_file,
    unmarked,
)
from executus_gateway.errors import GatewayError, SourceFailed
from executus_gateway.ports import File, HostCall
from executus_gateway.schema import (
    AuthScheme,
    ErrorCode,
    PolicyDecision,
    PolicyRule,
    RunId,
    ToolDescriptor,
    ToolError,
    ToolFailed,
    ToolOk,
    ToolResult,
)
from executus_gateway.service.answers import Answers
from executus_gateway.service.controls import Control, Controls
from executus_gateway.service.keptfiles import KeptFiles
from executus_gateway.sources import SourceManager

__all__ = ["Invoker", "Prepared", "failed"]

T = TypeVar("T")

logger = logging.getLogger("executus_gateway.service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A call that may be made, once a person has agreed where that is needed.

    Attributes:
        path: The full path.
        arguments: Checked.
        digest: Hash of the arguments.
        tool: What is called.
        target: Where: a tool of a source, or one of the gateway's own.
        decision: What the policy says: `allow` or `ask`.
        missing: Credentials a person must give first.
        source: Whose they are: its id or namespace.
    """

    path: str
    arguments: Mapping[str, Any]
    digest: str
    tool: ToolDescriptor
    target: Found | Control
    decision: PolicyDecision
    missing: tuple[AuthScheme, ...] = ()
    source: str = ""

    @property
    def writes(self) -> bool:
        """Whether it is stored that it starts before it does."""
        return self.tool.effect != "read"


Readied: TypeAlias = Prepared | ToolFailed


def failed(code: ErrorCode, message: str, suggestions: tuple[str, ...] = ()) -> ToolFailed:
    """A failure as the code is told it."""
    return ToolFailed(error=ToolError(code=code, message=message, suggestions=suggestions))


class Invoker:
    """Prepares calls and performs them.

    Args:
        ledger: Has the policies.
        sources: Have the tools.
        controls: The gateway's own tools.
        files: Are sent, and keep what is long.
    """

    def __init__(
        self, ledger: Ledger, sources: SourceManager, controls: Controls, files: KeptFiles
    ) -> None:
        self._ledger = ledger
        self._sources = sources
        self._controls = controls
        self._files = files

    async def prepare(self, call: HostCall) -> Readied:
        """All that can be known before anybody is asked and anything is sent."""
        return await self._answered(call.path, lambda: self._prepared(call))

    async def perform(self, prepared: Prepared, run: RunId) -> ToolResult:
        """Make the call, once, for a run. Whatever goes wrong is an answer."""
        return await self._answered(prepared.path, lambda: self._performed(prepared, run))

    def decision(self, found: Found) -> PolicyDecision:
        """What the policies say of a tool."""
        return decide(self._ledger.all(PolicyRule), found.path, found.summary.effect)

    def visible(self, found: Found) -> bool:
        """Whether a tool may be shown."""
        return self.decision(found).action != "deny"

    async def _prepared(self, call: HostCall) -> Readied:
        control = self._controls.find(call.path)
        names = list(control.schema["properties"]) if control is not None else []
        arguments = bind(call.args, call.kwargs, names)
        if control is not None:
            arguments = unmarked(arguments, ())
            return self._judged(call.path, arguments, control.descriptor(arguments), control)
        await self._sources.heal(call.path.partition(".")[0])
        found = self._sources.catalogs.find(call.path)
        if found is None or self.decision(found).action == "deny":
            return self._unknown(call.path, found)
        tool = self._sources.describe(found)
        arguments = unmarked(arguments, tool.files)
        judged = self._judged(call.path, arguments, tool, found)
        self._sources.check(found, await changed_files(arguments, tool.files, self._known_file))
        return judged

    async def _performed(self, prepared: Prepared, run: RunId) -> ToolResult:
        found, tool = prepared.target, prepared.tool
        if isinstance(found, Control):
            return ToolOk(data=await found.run(prepared.arguments))
        arguments = await changed_files(prepared.arguments, tool.files, self._file)
        credentials = await self._sources.book.of(self._sources.require(found.source))
        answers = Answers(run, credentials, self._files)
        result = await self._sources.call(found, tool, arguments, credentials, answers.keep)
        return await answers.given(result)

    async def _known_file(self, value: Any) -> File:
        """A file that is there; the bytes of one that is kept are not read yet."""
        given = given_file(value)
        if isinstance(given, File):
            return given
        kept = self._files.require(given.id)
        return File(data=b"", content_type=given.content_type or kept.content_type)

    async def _file(self, value: Any) -> File:
        given = given_file(value)
        return given if isinstance(given, File) else await self._kept(given)

    async def _kept(self, given: Handle) -> File:
        file = await self._files.read(given.id)
        return replace(
            file,
            name=given.name or file.name,
            content_type=given.content_type or file.content_type,
        )

    async def _answered(self, path: str, work: Callable[[], Awaitable[T]]) -> T | ToolFailed:
        try:
            return await work()
        except MisfitArguments as error:
            return failed("invalid_arguments", f"{path}: {error}")
        except SourceFailed as error:
            return failed("source_error", str(error))
        except GatewayError as error:
            return failed("tool_error", str(error))
        except Exception:
            fault = self._ledger.new_id("ask").removeprefix("ask_")[:12]
            logger.exception("fault %s in %s", fault, path)
            return failed("internal", f"the gateway failed; its log has fault {fault}")

    def _judged(
        self,
        path: str,
        arguments: Mapping[str, Any],
        tool: ToolDescriptor,
        target: Found | Control,
    ) -> Readied:
        check(tool.input_schema, arguments)
        decision = decide(self._ledger.all(PolicyRule), path, tool.effect)
        if decision.action == "deny":
            return failed("denied", f"{path} is forbidden: {decision.because}")
        source, missing = self._lacking(arguments, tool, target)
        return Prepared(
            path=path,
            arguments=arguments,
            digest=arguments_digest(arguments),
            tool=tool,
            target=target,
            decision=decision,
            missing=missing,
            source=source,
        )

    def _lacking(
        self, arguments: Mapping[str, Any], tool: ToolDescriptor, target: Found | Control
    ) -> tuple[str, tuple[AuthScheme, ...]]:
        if isinstance(target, Found):
            return target.source, self._sources.missing(target, tool)
        return ("", ()) if target.lacks is None else target.lacks(arguments)

    def _unknown(self, path: str, found: Found | None) -> ToolFailed:
        if found is not None:
            return failed("denied", f"{path} is forbidden: {self.decision(found).because}")
        suggestions = self._sources.catalogs.suggest(path, self.visible)
        return failed(
            "unknown_tool",
            f"there is no tool {path}: tools.search(query=…) finds tools",
            suggestions,
        )
