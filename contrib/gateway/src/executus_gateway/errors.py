"""Errors of the gateway; the tree is drawn here.

    GatewayError
    ├── StateDamaged      what was stored cannot be read back; names the file and the line
    ├── StateLocked       another process owns the same folder
    ├── UnknownId         no such source, run, policy or question; says how to find the right one
    ├── Refused           what was asked for is against a rule; says which
    ├── SourceFailed      a source cannot be reached, or what it says of itself cannot be read
    ├── VaultFailed       a secret cannot be read or written
    ├── DaemonFailed      the daemon cannot be started, found or talked to
    └── EngineFailed      the sandbox could not do its part (not: the code in it failed)

What code in the sandbox is told of a failed tool is a value (`schema.ToolFailed`), never one of
these: of a fault in the gateway it learns an opaque id and nothing else.
"""

from __future__ import annotations

from executus.errors import ExecutusError

__all__ = [
    "DaemonFailed",
    "EngineFailed",
    "GatewayError",
    "Refused",
    "SourceFailed",
    "StateDamaged",
    "StateLocked",
    "UnknownId",
    "VaultFailed",
]


class GatewayError(ExecutusError):
    """Root of the gateway's errors."""


class StateDamaged(GatewayError):
    """A file of the state was changed or lost by something else than a crash of ours."""


class StateLocked(GatewayError):
    """Another process has the state open; two would write over each other."""


class UnknownId(GatewayError):
    """Nothing has that id; the sentence says where ids are listed."""


class Refused(GatewayError):
    """A rule forbids it; the sentence names the rule and what would be allowed."""


class SourceFailed(GatewayError):
    """A source did not answer, or answered what cannot be read; safe to show to a model."""


class VaultFailed(GatewayError):
    """The store of secrets cannot be opened or has been changed by somebody else."""


class DaemonFailed(GatewayError):
    """A folder's daemon cannot be started, found or talked to; the sentence says what to do."""


class EngineFailed(GatewayError):
    """The sandbox crashed, or a stored run of it cannot be taken up again."""
