"""The service as named methods over JSON values: one table for every transport."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from executus_gateway.api.faults import fault_code, fault_from

if TYPE_CHECKING:
    from executus_gateway.api.methods import Api, MethodCall

__all__ = ["Api", "MethodCall", "fault_code", "fault_from"]


def __getattr__(name: str) -> Any:
    # The methods load the whole service; a client of a daemon needs the faults alone.
    if name not in ("Api", "MethodCall"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.methods"), name)
