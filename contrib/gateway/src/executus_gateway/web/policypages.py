"""Policies: which calls are allowed, asked about or denied, and what decides on one tool."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from executus_gateway.domain import DEFAULTS
from executus_gateway.errors import GatewayError, Refused
from executus_gateway.schema import PolicyDecision
from executus_gateway.service import Gateway
from executus_gateway.web.fields import Fields
from executus_gateway.web.rendering import View
from executus_gateway.web.serving import Done

__all__ = ["add_policy", "policies_page", "remove_policy"]

ACTIONS: Final = ("ask", "allow", "deny")
SCOPES: Final = ("workspace", "organisation")


def policies_page(gateway: Gateway, request: Request) -> View:
    """All rules; the address's `path` is explained."""
    path = request.query_params.get("path", "").strip().removeprefix("tools.")
    decision, problem = _explained(gateway, path) if path else (None, "")
    return View(
        template="policies.html",
        title="Policies",
        section="policies",
        data={
            "rules": gateway.policies.list(),
            "defaults": DEFAULTS,
            "actions": ACTIONS,
            "scopes": SCOPES,
            "path": path,
            "decision": decision,
            "problem": problem,
        },
    )


def _explained(gateway: Gateway, path: str) -> tuple[PolicyDecision | None, str]:
    try:
        return gateway.policies.explain(path), ""
    except GatewayError as error:
        return None, str(error)


async def add_policy(gateway: Gateway, fields: Fields) -> Done:
    """Add a rule, or change the one of the same pattern and scope."""
    action, scope = fields.required("action"), fields.text("scope") or "workspace"
    if action not in ACTIONS or scope not in SCOPES:
        raise Refused("a rule allows, asks or denies, for the workspace or the organisation")
    pattern, reason = fields.required("pattern"), fields.text("reason")
    rule = await gateway.policies.add(pattern, action, scope=scope, reason=reason)
    return Done(said=f"The rule for {rule.pattern} holds from now on.")


async def remove_policy(gateway: Gateway, fields: Fields) -> Done:
    """Remove a rule."""
    rule = await gateway.policies.remove(fields.required("rule"))
    return Done(said=f"The rule for {rule.pattern} is gone.")
