"""One call's way: find the tool, check its arguments, judge it, and, when all agree, send it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic_core import from_json, to_json

from executus_gateway.domain import (
    Found,
    Ledger,
    MisfitArguments,
    arguments_digest,
    bind,
    check,
    decide,
)
from executus_gateway.errors import GatewayError, SourceFailed
from executus_gateway.ports import HostCall
from executus_gateway.schema import (
    AuthScheme,
    ErrorCode,
    PolicyDecision,
    PolicyRule,
    ToolDescriptor,
    ToolError,
    ToolFailed,
    ToolOk,
    ToolResult,
)
from executus_gateway.service.controls import Control, Controls
from executus_gateway.sources import SourceManager
from majordomo.llm import Scrubber

__all__ = ["Invoker", "Prepared", "failed"]

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
    """

    def __init__(self, ledger: Ledger, sources: SourceManager, controls: Controls) -> None:
        self._ledger = ledger
        self._sources = sources
        self._controls = controls

    async def prepare(self, call: HostCall) -> Readied:
        """All that can be known before anybody is asked and anything is sent."""
        namespace = call.path.partition(".")[0]
        try:
            control = self._controls.find(call.path)
            names = list(control.schema["properties"]) if control is not None else []
            arguments = bind(call.args, call.kwargs, names)
            if control is not None:
                return self._judged(call.path, arguments, control.descriptor(arguments), control)
            await self._sources.heal(namespace)
            found = self._sources.catalogs.find(call.path)
            if found is None or self.decision(found).action == "deny":
                return self._unknown(call.path, found)
            return self._judged(call.path, arguments, self._sources.describe(found), found)
        except MisfitArguments as error:
            return failed("invalid_arguments", f"{call.path}: {error}")
        except SourceFailed as error:
            return failed("source_error", str(error))
        except GatewayError as error:
            return failed("tool_error", str(error))

    async def perform(self, prepared: Prepared) -> ToolResult:
        """Make the call, once. Whatever goes wrong is an answer."""
        try:
            if isinstance(prepared.target, Control):
                return ToolOk(data=await prepared.target.run(prepared.arguments))
            result = await self._sources.call(prepared.target, prepared.tool, prepared.arguments)
            return await self._scrubbed(prepared.target, result)
        except MisfitArguments as error:
            return failed("invalid_arguments", f"{prepared.path}: {error}")
        except GatewayError as error:
            return failed("tool_error", str(error))
        except Exception as error:
            fault = self._ledger.new_id("ask").removeprefix("ask_")[:12]
            logger.exception("fault %s in %s", fault, prepared.path, exc_info=error)
            return failed("internal", f"the gateway failed; its log has fault {fault}")

    def decision(self, found: Found) -> PolicyDecision:
        """What the policies say of a tool."""
        return decide(self._ledger.all(PolicyRule), found.path, found.summary.effect)

    def visible(self, found: Found) -> bool:
        """Whether a tool may be shown."""
        return self.decision(found).action != "deny"

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

    async def _scrubbed(self, found: Found, result: ToolResult) -> ToolResult:
        scrubber = Scrubber()
        for credential in await self._sources.book.of(self._sources.require(found.source)):
            scrubber.add(credential.scheme.name, credential.value)
            if credential.scheme.placement == "basic":
                scrubber.add(credential.scheme.name, credential.value.partition(":")[2])
        if not scrubber:
            return result
        text = to_json(result).decode()
        clean = scrubber.scrub(text)
        return result if clean is text else type(result).model_validate(from_json(clean))
