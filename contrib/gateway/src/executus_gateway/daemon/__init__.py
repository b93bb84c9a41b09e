"""The process that serves a folder: one per folder, started by whoever needs it first."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from executus_gateway.daemon.settings import SETTINGS_FILE, DaemonSettings

if TYPE_CHECKING:
    from executus_gateway.daemon.process import run_daemon

__all__ = ["SETTINGS_FILE", "DaemonSettings", "run_daemon"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: a command that reads the settings serves nothing.
    if name != "run_daemon":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.process").run_daemon
