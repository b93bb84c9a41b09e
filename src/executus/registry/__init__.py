"""The tools a host has, by name, with what they do and need; and who may call which.

Three stages of permission: *visibility* (may this caller know of the tool), *grant* (does the
agent's list include it), *call* (may this call, with these arguments, be made).
"""

from executus.registry.callpolicy import (
    ALLOW,
    ALLOW_GRANTED,
    Allow,
    Ask,
    CallPolicy,
    CallRequest,
    Decision,
    Deny,
    all_of,
    decide_call,
)
from executus.registry.denial import Denial, PermissionStage, denied_result
from executus.registry.overflow import Overflow
from executus.registry.registeredtool import RegisteredTool, own_tool, wire_name
from executus.registry.rules import AskFor, Rule, Rules
from executus.registry.runtools import RunTools
from executus.registry.secretsource import (
    NO_SECRETS,
    EnvironmentSecrets,
    MappingSecrets,
    SecretHints,
    SecretSource,
)
from executus.registry.toolpolicy import (
    Effect,
    PolicyChanges,
    ToolPolicy,
    own_policy,
    policy,
    with_policy,
)
from executus.registry.toolregistry import PolicyOverride, ToolRegistry, default_registry
from executus.registry.visibility import ROLES, Visibility

__all__ = [
    "ALLOW",
    "ALLOW_GRANTED",
    "NO_SECRETS",
    "ROLES",
    "Allow",
    "Ask",
    "AskFor",
    "CallPolicy",
    "CallRequest",
    "Decision",
    "Denial",
    "Deny",
    "Effect",
    "EnvironmentSecrets",
    "MappingSecrets",
    "Overflow",
    "PermissionStage",
    "PolicyChanges",
    "PolicyOverride",
    "RegisteredTool",
    "Rule",
    "Rules",
    "RunTools",
    "SecretHints",
    "SecretSource",
    "ToolPolicy",
    "ToolRegistry",
    "Visibility",
    "all_of",
    "decide_call",
    "default_registry",
    "denied_result",
    "own_policy",
    "own_tool",
    "policy",
    "wire_name",
    "with_policy",
]
