"""`tools.executor.policies.*`: what may be called; rules are added with a person's word only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executus_gateway.domain import Ledger, MisfitArguments, decide
from executus_gateway.errors import Refused
from executus_gateway.schema import Drop, PolicyAction, PolicyDecision, PolicyRule, PolicyScope
from executus_gateway.service.controls import Control, Controls, object_schema
from executus_gateway.sources import SourceManager

__all__ = ["Policies", "policy_controls"]

_ACTION = {"enum": ["allow", "ask", "deny"]}
_PATTERN = {"type": "string", "pattern": "^[A-Za-z0-9_.*]+$", "maxLength": 200}


class Policies:
    """The rules of a workspace.

    Args:
        ledger: Keeps them.
        sources: Have the tools they are about.
        controls: Are tools as well.
    """

    def __init__(self, ledger: Ledger, sources: SourceManager, controls: Controls) -> None:
        self._ledger = ledger
        self._sources = sources
        self._controls = controls

    def list(self) -> list[PolicyRule]:
        """All rules, oldest first."""
        return self._ledger.all(PolicyRule)

    async def add(
        self,
        pattern: str,
        action: PolicyAction,
        *,
        scope: PolicyScope = "workspace",
        reason: str = "",
    ) -> PolicyRule:
        """Add a rule; one of the same pattern and scope is replaced."""
        same = [r for r in self.list() if (r.pattern, r.scope) == (pattern, scope)]
        rule = PolicyRule(
            id=same[0].id if same else self._ledger.new_id("pol"),
            workspace=self._ledger.workspace,
            pattern=pattern,
            action=action,
            scope=scope,
            reason=reason,
        )
        await self._ledger.commit("policy.added", rule, actor="person")
        return rule

    async def remove(self, rule_id: str) -> PolicyRule:
        """Remove a rule.

        Raises:
            UnknownId: There is none.
        """
        rule = self._ledger.require(PolicyRule, rule_id)
        drop = Drop(collection="policy", id=rule.id)
        await self._ledger.commit("policy.removed", drop, actor="person")
        return rule

    def explain(self, path: str) -> PolicyDecision:
        """What happens to calls of a tool, and why.

        Raises:
            Refused: There is no such tool.
        """
        if (control := self._controls.find(path)) is not None:
            return decide(self.list(), path, control.descriptor({}).effect)
        found = self._sources.catalogs.find(path)
        if found is None:
            raise Refused(f"there is no tool {path}: search for it first")
        return decide(self.list(), found.path, found.summary.effect)


class _PolicyControls:
    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def list(self, arguments: Mapping[str, Any]) -> Any:
        del arguments
        return [rule.model_dump(include=_SHOWN) for rule in self._policies.list()]

    async def add(self, arguments: Mapping[str, Any]) -> Any:
        rule = await self._policies.add(**arguments)
        return rule.model_dump(include=_SHOWN)

    async def remove(self, arguments: Mapping[str, Any]) -> Any:
        if self._policies_scope(arguments["rule"]) == "organisation":
            raise MisfitArguments("an organisation's rule is not removed from here")
        rule = await self._policies.remove(arguments["rule"])
        return rule.model_dump(include=_SHOWN)

    async def explain(self, arguments: Mapping[str, Any]) -> Any:
        return self._policies.explain(arguments["path"]).model_dump()

    def _policies_scope(self, rule_id: str) -> str:
        scopes = {rule.id: rule.scope for rule in self._policies.list()}
        return scopes.get(rule_id, "workspace")


_SHOWN = {"id", "pattern", "action", "scope", "reason"}


def policy_controls(policies: Policies) -> tuple[Control, ...]:
    """The controls."""
    made = _PolicyControls(policies)
    return (
        Control(
            path="executor.policies.list",
            description="All rules.",
            schema=object_schema(),
            run=made.list,
        ),
        Control(
            path="executor.policies.explain",
            description="What happens to calls of a tool, and why.",
            schema=object_schema("path", path={"type": "string"}),
            run=made.explain,
        ),
        Control(
            path="executor.policies.add",
            description="Add a rule for tool paths, `*` stands for anything. A person must allow.",
            schema=object_schema(
                "pattern", "action", pattern=_PATTERN, action=_ACTION, reason={"type": "string"}
            ),
            run=made.add,
            effect="destructive",
        ),
        Control(
            path="executor.policies.remove",
            description="Remove a rule by its id. A person must allow.",
            schema=object_schema("rule", rule={"type": "string"}),
            run=made.remove,
            effect="destructive",
        ),
    )
