"""Errors of the gateway as codes and back: a client raises what its daemon raised."""

from __future__ import annotations

from typing import Final

from executus_gateway.errors import (
    DaemonFailed,
    EngineFailed,
    GatewayError,
    Refused,
    SourceFailed,
    StateDamaged,
    StateLocked,
    UnknownId,
    VaultFailed,
)

__all__ = ["fault_code", "fault_from"]

_CODES: Final[dict[str, type[GatewayError]]] = {
    "state_damaged": StateDamaged,
    "state_locked": StateLocked,
    "unknown_id": UnknownId,
    "refused": Refused,
    "source_failed": SourceFailed,
    "vault_failed": VaultFailed,
    "engine_failed": EngineFailed,
    "daemon_failed": DaemonFailed,
}


def fault_code(error: GatewayError) -> str:
    """The code of an error's type; that of the nearest known parent for one of a host's own.

    Example:
        >>> fault_code(UnknownId("there is no run 'run_0'"))
        'unknown_id'
    """
    for code, kind in _CODES.items():
        if isinstance(error, kind):
            return code
    return "gateway_error"


def fault_from(code: str, message: str) -> GatewayError:
    """The error of a code; one that is not known, as of a newer daemon, is a `GatewayError`."""
    return _CODES.get(code, GatewayError)(message)
