"""The first stage of permission: which tools a caller may know of."""

from __future__ import annotations

from typing import Protocol

from executus.identity import Caller
from executus.registry.registeredtool import RegisteredTool

__all__ = ["ROLES", "Visibility"]


class Visibility(Protocol):
    """Decides who may know that a tool exists. One that raises shows nothing."""

    def sees(self, caller: Caller, tool: RegisteredTool) -> bool:
        """Whether the tool may be offered to agents that act for this caller."""
        ...


class _Roles:
    def sees(self, caller: Caller, tool: RegisteredTool) -> bool:
        return not tool.policy.roles or bool(tool.policy.roles & caller.roles)


ROLES: Visibility = _Roles()
"""By the roles a tool's policy names: the caller needs one of them."""
