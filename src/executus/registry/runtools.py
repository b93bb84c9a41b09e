"""The tools of one run: what is offered, and how a call that may be made is made."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from executus.identity import Caller
from executus.registry.denial import Denial, PermissionStage, denied_result
from executus.registry.overflow import Overflow, cut, lost_note, more_note, read_more_tool
from executus.registry.registeredtool import RegisteredTool
from executus.registry.secretsource import NO_SECRETS, SecretHints, SecretSource
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import (
    MIN_SECRET_CHARS,
    Scrubber,
    Secrets,
    Tool,
    Toolbox,
    ToolCallPart,
    ToolResultPart,
)

__all__ = ["RunTools"]

logger = logging.getLogger("executus.registry")

SECRETS_TIMEOUT_S = 2.0


def _unexplained(name: str) -> Denial | None:
    del name


class _Unavailable(Exception):
    """A secret cannot be had, so the call is not made."""


class RunTools:
    """One run's tools. They are fixed when it is made, so that prompt caches hold.

    `read_more`, which reads on in results that were cut, is offered last, from the start, when
    there is a tool whose overflow is kept (`ToolPolicy.keep_overflow`) and room to keep it:
    offering it when the first result is cut would change the tools in the middle of a run.

    Every secret a call of this run was given is taken out of all its later results too, whichever
    tool they come from.

    Args:
        tools: What `ToolRegistry.offer` gave, and the agent's own (`own_tool`).
        caller: On whose behalf; secrets are theirs.
        clock: Limits calls and the source of secrets.
        secrets: Where secrets come from.
        overflow: Keeps long results; a store of 8 MiB by default, `Overflow(0)` for none. One for
            all `RunTools` of a run.
        scrubber: Knows the secrets that were given out. One for all `RunTools` of a run.
        why_not: Says why a tool is not offered (`ToolRegistry.why_not`), so that a call of one
            that is there but was not granted is answered usefully.
        secrets_timeout_s: Seconds the source may take for one call's secrets.

    Raises:
        ToolDefinitionError: Two tools have the same name for the model.
    """

    def __init__(
        self,
        tools: Iterable[RegisteredTool] = (),
        *,
        caller: Caller,
        clock: Clock = SYSTEM_CLOCK,
        secrets: SecretSource = NO_SECRETS,
        overflow: Overflow | None = None,
        scrubber: Scrubber | None = None,
        why_not: Callable[[str], Denial | None] = _unexplained,
        secrets_timeout_s: float = SECRETS_TIMEOUT_S,
    ) -> None:
        offered = list(tools)
        self._caller = caller
        self._clock = clock
        self._source = secrets
        self._secrets_timeout_s = secrets_timeout_s
        self._overflow = Overflow() if overflow is None else overflow
        self._why_not = why_not
        self._scrubber = Scrubber() if scrubber is None else scrubber
        self._no_secrets = Secrets(scrubber=self._scrubber)
        self._read_more = ""
        if any(self._keeps(entry) for entry in offered):
            reader = read_more_tool(self._overflow, {entry.tool.name for entry in offered})
            self._read_more = reader.name
            offered.append(reader)
        self._toolbox = Toolbox((entry.tool for entry in offered), clock=clock)
        self._entries = {entry.tool.name: entry for entry in offered}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What to offer to the model, the same at every step."""
        return tuple(self._toolbox)

    @property
    def entries(self) -> tuple[RegisteredTool, ...]:
        """The same with their names and policies."""
        return tuple(self._entries.values())

    def find(self, wire_name: str) -> RegisteredTool | None:
        """The tool a call names, or None when it is not offered."""
        return self._entries.get(wire_name.strip())

    async def learn_secrets(self) -> None:
        """Ask for the secrets of all tools, so that none is shown that an earlier process gave out.

        For a run that is resumed. One that cannot be had now cannot be given out either.
        """
        for entry in self._entries.values():
            with suppress(_Unavailable):
                await self._fetch(entry)

    def why_not(self, wire_name: str) -> Denial | None:
        """Why the tool a call names is not offered; None when it is, or when there is none."""
        return None if self.find(wire_name) is not None else self._why_not(wire_name.strip())

    async def execute(
        self, call: ToolCallPart, *, deps: object = None, run: object = None
    ) -> ToolResultPart:
        """Make a call that the call-time stage allowed. Never raises for the tool's fault.

        A call of a tool that is not offered, a missing secret, and everything `Toolbox.execute`
        answers so, come back as an `is_error` result. Cancellation passes through.
        """
        entry = self.find(call.name)
        if entry is None:
            return await self._not_offered(call)
        try:
            secrets = await self._fetch(entry) if entry.policy.secrets else self._no_secrets
        except _Unavailable as missing:
            return ToolResultPart(call_id=call.id, name=call.name, text=str(missing), is_error=True)
        result = await self._toolbox.execute(call, deps=deps, run=run, secrets=secrets)
        return self._fitted(entry, result)

    async def _not_offered(self, call: ToolCallPart) -> ToolResultPart:
        denial = self.why_not(call.name)
        if denial is not None and denial.stage is PermissionStage.GRANT:
            return denied_result(call, denial.reason, denial.stage)
        return await self._toolbox.execute(call)  # word for word as if there were none

    async def _fetch(self, entry: RegisteredTool) -> Secrets:
        """The secrets of a call.

        Raises:
            _Unavailable: One is missing; its text is for the model and whoever reads the run.
        """
        values: dict[str, str] = {}
        for name in entry.policy.secrets:
            value = await self._ask_source(name, entry.tool.name)
            if value is None:
                how = "provide it"
                if isinstance(self._source, SecretHints):
                    how = self._source.how_to_set(name)
                raise _Unavailable(
                    f"{entry.tool.name} needs the secret {name!r}, which is not set: "
                    f"the host must {how}"
                )
            if len("".join(value.split())) < MIN_SECRET_CHARS:
                raise _Unavailable(
                    f"the secret {name!r} of {entry.tool.name} is too short to be kept secret: "
                    f"the host must set one of at least {MIN_SECRET_CHARS} characters"
                )
            values[name] = value
        return Secrets(values, scrubber=self._scrubber)

    async def _ask_source(self, name: str, tool: str) -> str | None:
        try:
            with self._clock.deadline(self._secrets_timeout_s):
                return await self._source.get(name, self._caller)
        except Exception as error:  # noqa: BLE001 - a missing secret is the call's result
            # Its text, and those of its causes, may hold the secret: only the type is told.
            fault = f"failed ({type(error).__name__})"
        else:
            fault = f"did not answer within {self._secrets_timeout_s:g} s"
        logger.error("the source of the secret %r %s", name, fault)
        raise _Unavailable(
            f"{tool} was not executed: the host's source of the secret {name!r} {fault}"
        )

    def _fitted(self, entry: RegisteredTool, result: ToolResultPart) -> ToolResultPart:
        text = result.text
        shown = cut(text, entry.policy.max_result_bytes)
        if shown == len(text):
            return result
        if self._keeps(entry):
            note = more_note(self._overflow.put(text), shown, len(text), self._read_more)
        else:
            note = lost_note(shown, len(text))
        return replace(result, text=text[:shown] + note)

    def _keeps(self, entry: RegisteredTool) -> bool:
        """Whether the store can hold more of a result than is shown at once."""
        policy = entry.policy
        return policy.keep_overflow and self._overflow.max_bytes > policy.max_result_bytes
