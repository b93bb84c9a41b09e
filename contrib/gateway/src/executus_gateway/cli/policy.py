"""`executus-gateway policy`: which tools may be called, which ask first, which are not there."""

from __future__ import annotations

import click

from executus.cli.output import say_json, tell
from executus.cli.process import DONE
from executus_gateway.cli.connecting import with_client
from executus_gateway.cli.listing import json_option, show_list
from executus_gateway.schema import PolicyAction, PolicyScope
from executus_gateway.sdk import Client

__all__ = ["policy"]

_COLUMNS = ("id", "pattern", "action", "scope", "reason")


@click.group()
def policy() -> None:
    """List, add, remove and explain rules for tools."""


@policy.command("list")
@json_option
@with_client
async def list_rules(client: Client, *, as_json: bool) -> int:
    """List rules; without any, what reads is allowed and what writes asks."""
    rules = [rule.model_dump(mode="json") for rule in await client.policies()]
    none = "no rules: what only reads is allowed, what writes asks"
    show_list(rules, _COLUMNS, as_json=as_json, none=none)
    return DONE


@policy.command()
@click.argument("pattern")
@click.argument("action", type=click.Choice(["allow", "ask", "deny"]))
@click.option("--organisation", "scope", flag_value="organisation", help="Cannot be weakened.")
@click.option("--reason", default="", help="Told to whoever is refused.")
@json_option
@with_client
async def add(
    client: Client,
    pattern: str,
    action: PolicyAction,
    scope: PolicyScope | None,
    reason: str,
    *,
    as_json: bool,
) -> int:
    """Add a rule for tools' paths; `*` stands for anything. The most specific rule wins."""
    options = {"scope": scope or "workspace", "reason": reason}
    rule = await client.add_policy(pattern, action, **options)
    show_list([rule.model_dump(mode="json")], _COLUMNS, as_json=as_json)
    return DONE


@policy.command()
@click.argument("rule")
@with_client
async def remove(client: Client, rule: str) -> int:
    """Remove a rule by its id."""
    removed = await client.remove_policy(rule)
    tell(f"the rule for {removed.pattern} is removed")
    return DONE


@policy.command()
@click.argument("path")
@json_option
@with_client
async def explain(client: Client, path: str, *, as_json: bool) -> int:
    """Say what happens to calls of a tool, and why."""
    decision = (await client.explain(path)).model_dump(mode="json")
    if as_json:
        say_json(decision)
    else:
        show_list([decision], ("action", "because"), as_json=False)
    return DONE
